import { RtmpRemoteError } from '../bytes/index.js';
import type { AmfRegistration } from './amf-registry.js';
import type { AmfValue } from './value.js';

/** An instance of a registered class whose members are still being read. */
export interface PendingInstance {
  readonly registration: Extract<AmfRegistration, { kind: 'members' }>;
  readonly instance: object;
  /** Where the object began. */
  readonly offset: number;
}

type BadInstanceCode = 'ERR_AMF0_BAD_INSTANCE' | 'ERR_AMF3_BAD_INSTANCE';

/** Gives the instance its members. @throws RtmpRemoteError `code`, if the class does not take them. */
export function fillInstance(
  { registration, instance, offset }: PendingInstance,
  members: ReadonlyMap<string, AmfValue>,
  code: BadInstanceCode,
): void {
  try {
    registration.fill(instance, members);
  } catch (error) {
    throw badInstance(error, registration.alias, offset, code);
  }
}

/** What to throw where a registered class or codec has thrown: it did so over what the peer sent. */
export function badInstance(error: unknown, alias: string, offset: number, code: BadInstanceCode): RtmpRemoteError {
  if (error instanceof RtmpRemoteError) return error;
  return new RtmpRemoteError(code, `An object of ${JSON.stringify(alias)} was refused`, { offset, cause: error });
}
