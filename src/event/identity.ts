import { checkFields, checkObject, checkString, countFrom } from "../internal/check-argument.ts";

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
  const fields = { tenantId: checkString, sessionId: checkString, userId: checkString, turnIndex: countFrom(0) };
  checkFields(value, fields, `${name}.`);
}
