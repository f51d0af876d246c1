/** A message out of a context, taken apart: by its kind, see vm/prelude/operations.ts, the rest means different things. */
export interface VmMessage {
  readonly kind: string;
  readonly number: number;
  readonly details: string;
  readonly text: string;
}

/** It came from a VM, so it is looked at before it is believed: throws for what is no message. */
export function readMessage(message: string): VmMessage {
  const space = message.indexOf(" ");
  const line = message.indexOf("\n", space);
  if (space < 0 || line < 0) throw new SyntaxError("no head");
  return {
    kind: message.slice(0, 1),
    number: Number(message.slice(1, space)),
    details: message.slice(space + 1, line),
    text: message.slice(line + 1),
  };
}

/** The first word of a message's details, and the rest. */
export function splitDetails(details: string): [first: string, rest: string] {
  const space = details.indexOf(" ");
  return space < 0 ? [details, ""] : [details.slice(0, space), details.slice(space + 1)];
}
