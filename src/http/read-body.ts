import { TurnError } from "../errors.ts";
import { RefusedRequest } from "./problem.ts";

const MAX_DEPTH = 64;

/**
 * A request's body as JSON; undefined where it is empty. Bytes are counted as they come, whatever the request says of
 * their number.
 *
 * The content type must be JSON, without a body too, so that a page of another site cannot send a request without asking
 * this one first (CORS).
 */
export async function readJson(
  request: Request,
  { maxBytes, readAgain }: { readonly maxBytes: number; readonly readAgain: () => Promise<string> },
): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/([^;]+\+)?json\s*(;|$)/i.test(type)) {
    throw invalid("The content type must be application/json");
  }
  // Something before these routes has read it: the framework has kept what that was.
  const text = request.bodyUsed ? await readAgain() : await readText(request, maxBytes);
  if (text.length > maxBytes) throw tooLarge(maxBytes);
  if (text === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid("The body is not JSON", cause);
  }
  if (nestsDeeperThan(value, MAX_DEPTH)) throw invalid(`The body nests deeper than ${MAX_DEPTH} levels`);
  return value;
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  // A size that is owned up to need not be read.
  if (Number(request.headers.get("content-length")) > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return "";
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw invalid("The body broke off", cause);
    });
    try {
      text += done ? utf8.decode() : utf8.decode(value, { stream: true });
    } catch (cause) {
      reader.cancel().catch(() => undefined);
      throw invalid("The body is not UTF-8", cause);
    }
    if (done) return text;
    bytes += value.length;
    if (bytes > maxBytes) {
      reader.cancel().catch(() => undefined);
      throw tooLarge(maxBytes);
    }
  }
}

function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((one) => nestsDeeperThan(one, levels - 1));
}

function invalid(detail: string, cause?: unknown): TurnError {
  return new TurnError("invalid-request", detail, { cause });
}

function tooLarge(maxBytes: number): TurnError {
  return new RefusedRequest("too-large", [{ in: "body", path: "", detail: `The body may take ${maxBytes} bytes` }]);
}
