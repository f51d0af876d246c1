import type { GuestHost } from "./create-guest.ts";

/** The modules with which a script can import `turnwire`. */
export async function guestModules(host: GuestHost): Promise<Record<string, string>> {
  // Loaded when it is first needed: most of this entry's users run scripts of another kind.
  const { guestModule } = await import("./guest-module.generated.ts");
  const { extrasSource } = await import("./extras-source.generated.ts");
  return { turnwire: guestModule, "turnwire:host": constant(host), "turnwire:extras": constant(extrasSource) };
}

// Text inside of a module: JSON is JavaScript.
const constant = (value: unknown): string => `export default ${JSON.stringify(value)};`;
