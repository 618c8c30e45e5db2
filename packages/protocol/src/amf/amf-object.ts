import { RtmpUsageError } from '../bytes/index.js';
import { isInputArray, isPlainObject } from './plain-object.js';
import {
  Amf3Value,
  AmfDate,
  AmfDictionary,
  AmfDoubleVector,
  AmfEcmaArray,
  AmfExternalizable,
  type AmfInput,
  AmfInstance,
  AmfIntVector,
  AmfObject,
  AmfObjectVector,
  AmfUintVector,
  AmfUnsupported,
  type AmfValue,
  AmfXml,
  AmfXmlDocument,
} from './value.js';

/**
 * An `AmfObject` with the members of a plain object, in their order. Plain objects, arrays and `Date`s in it are
 * converted too, all the way down; what is there twice, or holds itself, stays one and the same. Values of the AMF
 * classes are taken as they are, not copied; of an `Amf3Value` there is the value alone. A member that is `undefined` is
 * kept: AMF can carry it.
 *
 * Only needed to look at or to keep such a value: the encoders take plain objects directly.
 *
 * @throws RtmpUsageError `ERR_AMF_NOT_ENCODABLE` for functions, symbols, bigints and objects of other classes.
 */
export function amfObject(properties: { readonly [name: string]: AmfInput }, className?: string): AmfObject {
  const root = new AmfObject([], className);
  const converted = new Map<object, AmfValue>([[properties, root]]);
  // Filled one after another instead of by recursion, so that depth costs no stack.
  const unfilled: (() => void)[] = [() => fillObject(root, properties)];

  function fillObject(target: AmfObject, source: { readonly [name: string]: AmfInput }): void {
    for (const [name, value] of Object.entries(source)) target.properties.set(name, convert(value));
  }

  function fillArray(target: AmfValue[], source: readonly AmfInput[]): void {
    for (let i = 0; i < source.length; i += 1) target.push(convert(source[i]));
  }

  function convert(input: AmfInput): AmfValue {
    let value = input;
    while (value instanceof Amf3Value) value = value.value;
    if (typeof value !== 'object') {
      if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') failNotEncodable();
      return value;
    }
    if (value === null || isAmfInstance(value)) return value;
    const known = converted.get(value);
    if (known !== undefined) return known;
    if (value instanceof Date) return new AmfDate(value.getTime());
    if (isInputArray(value)) {
      const target: AmfValue[] = [];
      converted.set(value, target);
      unfilled.push(() => fillArray(target, value));
      return target;
    }
    if (!isPlainObject(value)) failNotEncodable();
    const target = new AmfObject();
    converted.set(value, target);
    unfilled.push(() => fillObject(target, value));
    return target;
  }

  for (let fill = unfilled.pop(); fill !== undefined; fill = unfilled.pop()) fill();
  return root;
}

const amfClasses = [
  AmfObject,
  AmfEcmaArray,
  AmfDate,
  AmfXmlDocument,
  AmfXml,
  AmfUnsupported,
  Uint8Array,
  AmfIntVector,
  AmfUintVector,
  AmfDoubleVector,
  AmfObjectVector,
  AmfDictionary,
  AmfExternalizable,
  AmfInstance,
] as const;

function isAmfInstance(value: object): value is InstanceType<(typeof amfClasses)[number]> {
  return amfClasses.some((amfClass) => value instanceof amfClass);
}

function failNotEncodable(): never {
  throw new RtmpUsageError('ERR_AMF_NOT_ENCODABLE', 'AMF cannot carry a function, symbol, bigint or class instance');
}
