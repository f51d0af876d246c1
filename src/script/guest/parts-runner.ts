/**
 * Gives the host a script's parts, to be called one by one. Text: it runs in the VM. Hooks are looked for by name too: they
 * may be methods of a class. What is none, or no answer of one, would be passed over on the host, and nobody would know.
 * What a hook changes in place is a change of a copy there, and goes back as its answer.
 */
export const partsRunner = (fileName: string): string => /* js */ `
import * as script from ${JSON.stringify(fileName)};
import { middlewares, tools } from "turnwire";
const list = (script.middlewares ?? []).map((one) => typeof one === "function" ? middlewares.fromJS(one, one.name || "script") : one);
const hooks = script.toolHooks ?? {};
if (typeof hooks !== "object") throw new TypeError("toolHooks must be an object");
const hookNames = ["beforeToolCall", "afterToolCall", "onToolError", ...Object.keys(hooks)].filter(
  (name, index, all) => name !== "failOpen" && hooks[name] !== undefined && all.indexOf(name) === index,
);
for (const name of hookNames) {
  if (typeof hooks[name] !== "function") throw new TypeError("toolHooks." + name + " must be a function");
}
let registry = script.tools ?? tools.createRegistry();
if (Array.isArray(registry)) registry = registry.reduce((all, one) => all.register(one), tools.createRegistry());
export const parts = {
  middlewares: list.map(({ name }) => name),
  tools: registry.list(),
  hooks: hookNames,
  failOpen: hooks.failOpen === true,
};
export const middleware = async (index, turn, next, context) => {
  let below;
  const answer = await list[index].fn(turn, (given) => (below = next(given ?? turn)), context);
  return answer ?? (below === undefined ? turn : await below);
};
export const tool = (name, args, context) => registry.call(name, args, context);
export const hook = async (name, context) => {
  const answer = await hooks[name](context);
  if (answer !== undefined && answer !== null && (typeof answer !== "object" || Array.isArray(answer))) {
    throw new TypeError("The answer of " + name + " must be an object");
  }
  return name === "beforeToolCall" ? { args: context.call.args, ...answer } : answer;
};
`;
