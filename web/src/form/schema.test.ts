import { expect, test } from 'vitest';
import { fields, initialInputs, parameterOf, params, type ObjectSchema } from './schema';

const schema: ObjectSchema = {
  type: 'object',
  required: ['dir', 'name'],
  properties: {
    dir: { type: 'string', default: '/usr/lib' },
    name: { type: 'string', title: 'Name' },
    seconds: { type: 'integer', default: 6, minimum: 1 },
    factor: { type: 'number' },
    deep: { type: 'boolean', default: true },
    mode: { enum: ['a', 'b', 3], default: 'b' },
    list: { type: ['array', 'null'], default: ['x'] },
  },
};

test('a field for each property, in order, with its kind and default', () => {
  const all = fields(schema);
  expect(all.map((field) => [field.name, field.kind, field.initial])).toEqual([
    ['dir', 'text', '/usr/lib'], ['name', 'text', ''], ['seconds', 'integer', '6'], ['factor', 'number', ''],
    ['deep', 'checkbox', true], ['mode', 'choice', '"b"'], ['list', 'json', '["x"]'],
  ]);
  expect(all.filter((field) => field.required).map((field) => field.name)).toEqual(['name']);
  expect(fields({})).toEqual([]);
});

test('parameters have their types, and an empty input sends nothing', () => {
  const all = fields(schema);
  expect(params(all, initialInputs(all))).toEqual({ dir: '/usr/lib', seconds: 6, deep: true, mode: 'b', list: ['x'] });
  expect(params(all, { ...initialInputs(all), factor: '1.5', mode: '3', deep: false, dir: '' })).toEqual({
    seconds: 6, factor: 1.5, deep: false, mode: 3, list: ['x'],
  });
});

test('what is not of the type goes to the server as it is, to be refused there', () => {
  const all = fields(schema);
  expect(params(all, { seconds: 'many', list: '[1,', deep: true })).toEqual({ seconds: 'many', list: '[1,', deep: true });
});

test('text that looks like markup or a number stays text', () => {
  const all = fields({ properties: { s: { type: 'string' } } });
  expect(params(all, { s: '42' })).toEqual({ s: '42' });
  expect(params(all, { s: '$(touch x)\n"' })).toEqual({ s: '$(touch x)\n"' });
});

test('a problem finds its parameter however it is named', () => {
  expect(['dir', 'params.dir', '/params/dir', '/dir', 'params.list[0]', '/params/list/0'].map(parameterOf)).toEqual([
    'dir', 'dir', 'dir', 'dir', 'list', 'list',
  ]);
});
