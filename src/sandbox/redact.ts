/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

const SECRET = "[secret]";
/** What looks like a credential wherever it stands in an error's message. */
const CREDENTIALS: readonly [pattern: RegExp, instead: string][] = [
  [/\bBearer\s+[^\s"',;]+/gi, `Bearer ${SECRET}`],
  [/:\/\/[^\s/?#@]+@/g, `://${SECRET}@`],
  [/([?&](?:[\w-]*token|[\w-]*key|secret|password|signature|sig)=)[^\s&#"']+/gi, `$1${SECRET}`],
  [/\b(?:sk|pk|tc)[_-][\w-]{8,}\b/g, SECRET],
];

/** Takes out these very secrets; for events, where anything else that looks like one is the agent's own text. */
export function redactOnly(secrets: readonly string[]): Redact {
  const known = secrets.filter((secret) => secret !== "");
  const [only] = known;
  // The usual case, on the way of every event.
  if (known.length === 1 && only !== undefined) {
    const rare = rarePart(only);
    return (text) => (text.includes(rare) && text.includes(only) ? text.replaceAll(only, SECRET) : text);
  }
  return (text) =>
    known.reduce((left, secret) => (left.includes(secret) ? left.replaceAll(secret, SECRET) : left), text);
}

/** Takes out these secrets and whatever looks like a credential; for errors and logs. */
export function redactAll(secrets: readonly string[]): Redact {
  const only = redactOnly(secrets);
  return (text) => CREDENTIALS.reduce((left, [pattern, instead]) => left.replace(pattern, instead), only(text));
}

// Signs of JSON and letters of prose, the most frequent first; what is not among them is rarer still.
const FREQUENT = '"etaoinsrhldcumfpgwybv,:.{}_0123456789k-xjzq';

/** The secret from its rarest character on: texts are gone through by looking for a part's first character. */
function rarePart(secret: string): string {
  const rarity = (at: number): number => {
    const place = FREQUENT.indexOf(secret.charAt(at));
    return place === -1 ? FREQUENT.length : place;
  };
  let rarest = 0;
  for (let at = 1; at < secret.length - 4; at++) if (rarity(at) > rarity(rarest)) rarest = at;
  return secret.slice(rarest);
}
