/** The part of JSON Schema that a flow's parameters are written in. */
export interface PropertySchema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
}

export interface ObjectSchema {
  type?: string;
  properties?: Record<string, PropertySchema>;
  required?: string[];
}

/** One input of a form. `initial` is what stands in it at first: text, or for a checkbox true or false. */
export interface Field {
  name: string;
  label: string;
  hint: string;
  kind: 'text' | 'integer' | 'number' | 'checkbox' | 'choice' | 'json';
  required: boolean;
  initial: string | boolean;
  choices: unknown[];
  schema: PropertySchema;
}

/** What the inputs of a form hold, by the name of the parameter. */
export type Inputs = Record<string, string | boolean>;

/** The inputs for a schema, in the order in which it names its properties. */
export function fields(schema: ObjectSchema): Field[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const kind = kindOf(property);
    return {
      name,
      label: property.title || name,
      hint: property.description ?? '',
      kind,
      required: required.has(name) && property.default === undefined,
      initial: initial(kind, property.default),
      choices: property.enum ?? [],
      schema: property,
    };
  });
}

export function initialInputs(all: readonly Field[]): Inputs {
  return Object.fromEntries(all.map((field) => [field.name, field.initial]));
}

/**
 * The parameters to send. An empty input sends nothing, so that the server's default holds; what is not a number or no
 * JSON is sent as it stands: the server says what is wrong with it, in one place and in one way.
 */
export function params(all: readonly Field[], inputs: Inputs): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of all) {
    const value = read(field, inputs[field.name] ?? '');
    if (value !== undefined) out[field.name] = value;
  }
  return out;
}

/** The name of the parameter that a problem speaks of: `dir`, `params.dir` and `/params/dir` are the same. */
export function parameterOf(field: string): string {
  return field.replace(/^[/.]?params[/.]/, '').replace(/^\//, '').split(/[/.[]/)[0] ?? field;
}

function kindOf(property: PropertySchema): Field['kind'] {
  if (property.enum) return 'choice';
  const type = Array.isArray(property.type) ? property.type.find((name) => name !== 'null') : property.type;
  switch (type) {
    case 'boolean':
      return 'checkbox';
    case 'integer':
    case 'number':
      return type;
    case 'array':
    case 'object':
      return 'json';
    default:
      return 'text';
  }
}

function initial(kind: Field['kind'], value: unknown): string | boolean {
  if (kind === 'checkbox') return value === true;
  if (value === undefined || value === null) return '';
  return kind === 'json' || kind === 'choice' ? JSON.stringify(value) : String(value);
}

function read(field: Field, input: string | boolean): unknown {
  if (typeof input === 'boolean') return input;
  if (input === '') return undefined;
  switch (field.kind) {
    case 'integer':
    case 'number': {
      const n = Number(input);
      return Number.isFinite(n) ? n : input;
    }
    case 'json':
    case 'choice':
      try {
        return JSON.parse(input);
      } catch {
        return input;
      }
    default:
      return input;
  }
}
