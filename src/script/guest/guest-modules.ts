import type { GuestHost } from "./create-guest.ts";
import { guestModule } from "./guest-module.generated.ts";

/** The modules with which a script can import `turnwire`. */
export function guestModules(host: GuestHost): Record<string, string> {
  // Text inside of a module: JSON is JavaScript.
  return { turnwire: guestModule, "turnwire:host": `export default ${JSON.stringify(host)};` };
}
