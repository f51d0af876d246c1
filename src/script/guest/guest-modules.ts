import type { GuestHost } from "./create-guest.ts";

/** The modules with which a script can import `turnwire`. */
export async function guestModules(host: GuestHost): Promise<Record<string, string>> {
  // Loaded when it is first needed: most of this entry's users run scripts of another kind.
  const { guestModule } = await import("./guest-module.generated.ts");
  // Text inside of a module: JSON is JavaScript.
  return { turnwire: guestModule, "turnwire:host": `export default ${JSON.stringify(host)};` };
}
