import { OtaError } from '../base/ota-error.ts';
import './errors.ts';
import { BYTE_ORDER_MARK } from './text-lines.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_CHARACTERS = 32 * 1024 * 1024;

/** A JSON text that has to be an object.
 * @throws {OtaError} `idfJson.invalid` */
export function parseJsonObject(text: string): JsonObject {
  if (text.length > MAX_CHARACTERS)
    throw new OtaError('idfJson.invalid', { reason: 'tooLarge', offset: MAX_CHARACTERS });
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  } catch (error) {
    const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    throw new OtaError('idfJson.invalid', { reason: 'syntax', offset: Number(position ?? -1) }, { cause: error });
  }
  if (!isObject(value)) throw new OtaError('idfJson.invalid', { reason: 'notAnObject', offset: 0 });
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A property that is a text with something in it. */
export function textOf(object: JsonObject, key: string): string | undefined {
  const value = own(object, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A property of the object itself, never an inherited one. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
