import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { Readable } from 'node:stream';
import { RequestInvalid, type FieldError } from './problem';

/** Turns what the client sent for one property into what the request class holds; never throws, leaves nonsense as it is. */
export type Reader = (value: unknown, path: string, complaints: FieldError[]) => unknown;

/** A request class, as `@Body()` and `@Query()` name it. */
export type RequestClass<T extends object = object> = new () => T;

const readers = new WeakMap<object, Map<string, Reader>>();

/** Says how a property is read. Part of the decorators in `fields.ts`. */
export function readWith(prototype: object, property: string, reader: Reader): void {
  const own = readers.get(prototype) ?? new Map<string, Reader>();
  readers.set(prototype, own.set(property, reader));
}

const asItIs: Reader = (value) => value;

/** Readers of properties of which null says that what is there is to be removed. */
const removing = new WeakSet<Reader>();

/** @returns a reader that reads null as well, and leaves it as it is */
export function orNull(reader = asItIs): Reader {
  const either: Reader = (value, path, complaints) => (value === null ? null : reader(value, path, complaints));
  removing.add(either);
  return either;
}

const shapes = new WeakMap<RequestClass, ReadonlyMap<string, Reader>>();

/** The properties of a request class, inherited ones too, each with its reader. Worked out once per class. */
function shapeOf(type: RequestClass): ReadonlyMap<string, Reader> {
  const known = shapes.get(type);
  if (known) return known;
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  if (rules.length === 0) throw new Error(`${type.name} is used as a request, but none of its fields has a rule`);
  const shape = new Map(
    rules.map(({ propertyName }) => [propertyName, readerOf(type.prototype as object, propertyName)]),
  );
  shapes.set(type, shape);
  return shape;
}

function readerOf(prototype: object | null, property: string): Reader {
  if (prototype === null) return asItIs;
  return readers.get(prototype)?.get(property) ?? readerOf(Object.getPrototypeOf(prototype) as object | null, property);
}

/** An object as JSON and query strings make them: no array, no null. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Copies the fields that the class knows into a new instance of it. A field that is null counts as left out, unless it is
 * one that null removes.
 *
 * @param path where the object is in the request; '' for the whole
 * @param complaints gets one for each field that the class does not know
 */
export function read<T extends object>(
  type: RequestClass<T>,
  source: Record<string, unknown>,
  path: string,
  complaints: FieldError[],
): T {
  const shape = shapeOf(type);
  const request = new type();
  for (const name of Object.keys(source)) {
    const reader = shape.get(name);
    const value = source[name];
    const at = path === '' ? name : `${path}.${name}`;
    if (reader === undefined) complaints.push({ path: at, message: 'is not a known field' });
    else if (value !== undefined && (value !== null || removing.has(reader))) {
      (request as Record<string, unknown>)[name] = reader(value, at, complaints);
    }
  }
  return request;
}

/** Types that say nothing about the shape of a value. */
const SHAPELESS: ReadonlySet<unknown> = new Set([String, Number, Boolean, Array, Object, Buffer, Date, Readable]);

/**
 * The global pipe: makes request classes of bodies, queries and parameters, checks them with class-validator, and
 * complains about everything at once, unknown fields included.
 *
 * It stands where Nest's ValidationPipe would, with `transform`, `whitelist`, `forbidNonWhitelisted` and
 * `forbidUnknownValues`. It reads by itself instead of with class-transformer, which takes quadratic time for an object
 * of many fields, builds every element of a list before its length is looked at, lets nested arrays pass for objects,
 * and drops a field called like a method without a word.
 */
export class ValidationPipe implements PipeTransform {
  /** @throws RequestInvalid naming each wrong field */
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (metatype === undefined || type === 'custom' || SHAPELESS.has(metatype) || value instanceof Readable)
      return value;
    const source = value ?? (value === undefined ? {} : undefined);
    if (!isPlainObject(source)) throw new RequestInvalid([{ path: type, message: 'must be a JSON object' }]);
    const complaints: FieldError[] = [];
    const request = read(metatype as RequestClass, source, '', complaints);
    const errors = validateSync(request, {
      stopAtFirstError: true,
      forbidUnknownValues: true,
      validationError: { target: false, value: false },
    });
    for (const error of errors) flatten(error, '', complaints);
    if (complaints.length > 0) throw new RequestInvalid(complaints);
    return request;
  }
}

/** Adds what class-validator says of a property and of what is in it, each with its full path. */
function flatten({ property, constraints, children }: ValidationError, parent: string, complaints: FieldError[]): void {
  // Request classes have no numbers as names, so a number is a place in a list.
  const path = /^\d+$/.test(property) ? `${parent}[${property}]` : parent === '' ? property : `${parent}.${property}`;
  for (const message of Object.values(constraints ?? {})) complaints.push({ path, message });
  for (const child of children ?? []) flatten(child, path, complaints);
}
