import { expect, test } from 'vitest';
import { messageData } from './preset';
import { Transcript } from './transcript';

const now = (flush: () => void) => flush();

test('an entry says direction, time, size in bytes and the names of its events', () => {
  const transcript = new Transcript(now);
  transcript.add('out', '{"event":"message","data":"你好"}', 5);
  transcript.add('in', '[{"event":"a"},{"event":"b"},{"event":"a"}]');
  transcript.add('note', 'opened');
  const [sent, batch, note] = transcript.entries.value;
  expect(sent).toMatchObject({ direction: 'out', at: 5, size: 35, event: 'message' });
  expect(batch).toMatchObject({ direction: 'in', event: 'a, b' });
  expect(note).toMatchObject({ direction: 'note', size: 0, event: '' });
});

test('while paused it holds back, and loses nothing', () => {
  const transcript = new Transcript(now);
  transcript.add('in', '1');
  transcript.togglePause();
  transcript.add('in', '2');
  transcript.add('in', '3');
  expect(transcript.entries.value).toHaveLength(1);
  expect(transcript.held.value).toBe(2);
  transcript.togglePause();
  expect(transcript.entries.value.map((entry) => entry.text)).toEqual(['1', '2', '3']);
  expect(transcript.held.value).toBe(0);
});

test('clear forgets, also while paused', () => {
  const transcript = new Transcript(now);
  transcript.add('in', '1');
  transcript.togglePause();
  transcript.add('in', '2');
  transcript.clear();
  expect(transcript.entries.value).toEqual([]);
  transcript.add('in', '3');
  expect(transcript.held.value).toBe(1);
});

test('holds the newest thousand', () => {
  const transcript = new Transcript(now);
  for (let i = 0; i < 1_500; i++) transcript.add('in', String(i));
  expect(transcript.entries.value).toHaveLength(1_000);
  expect(transcript.entries.value.at(-1)!.text).toBe('1499');
});

test('a message is JSON where it looks like it, text otherwise', () => {
  expect(messageData('hello')).toBe('hello');
  expect(messageData('42')).toBe('42');
  expect(messageData('{"a":1}')).toEqual({ a: 1 });
  expect(messageData('{not json')).toBe('{not json');
});
