import { expect, test } from 'vitest';
import { decode, encode } from './frame';

test('a frame holds one message, or a batch of them in order', () => {
  expect(decode('{"event":"pong","data":1}')).toEqual([{ event: 'pong', data: 1 }]);
  expect(decode('[{"event":"a"},{"event":"b"}]').map((message) => message.event)).toEqual(['a', 'b']);
});

test('what is no message is left out, and nothing is thrown', () => {
  for (const text of ['', '{', 'null', '7', '"text"', '{"data":1}', '{"event":7}']) expect(decode(text)).toEqual([]);
  expect(decode('[null, {"event":"a"}, [], {"event":3}]')).toEqual([{ event: 'a' }]);
});

test('data and id are left out when there are none', () => {
  expect(encode('ping')).toBe('{"event":"ping"}');
  expect(encode('ping', null, 3)).toBe('{"event":"ping","data":null,"id":3}');
});
