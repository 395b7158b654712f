import type { ObjectSchema } from '../form/schema';
import { request } from './request';

export interface Flow {
  name: string;
  title: string;
  description?: string;
  /** The JSON Schema of an object: the parameters of the flow. */
  params: ObjectSchema;
}

export async function listFlows(): Promise<Flow[]> {
  const body = (await (await request('flows')).json()) as { flows?: Flow[] } | Flow[];
  const flows = Array.isArray(body) ? body : (body.flows ?? []);
  return flows.map((flow) => ({ ...flow, title: flow.title || flow.name, params: flow.params ?? {} }));
}
