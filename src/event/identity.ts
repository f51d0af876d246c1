import { checkCount, checkObject, checkString } from "../internal/check-argument.ts";

/** Whose turn it is. Tenant and session together name a conversation; `turnIndex` counts its turns from 0. */
export interface TurnIdentity {
  readonly tenantId: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly turnIndex: number;
}

/** Refuses an identity that is not one, naming the field. */
export function checkIdentity(name: string, value: unknown): asserts value is TurnIdentity {
  checkObject(name, value);
  const identity = value as Partial<Record<keyof TurnIdentity, unknown>>;
  checkString(`${name}.tenantId`, identity.tenantId);
  checkString(`${name}.sessionId`, identity.sessionId);
  checkString(`${name}.userId`, identity.userId);
  checkCount(`${name}.turnIndex`, identity.turnIndex);
}
