/** Makes ids that no other maker makes: one random part, and a count. A random id each would be a host call each in a VM. */
export function createIdMaker(): () => string {
  let prefix: string | undefined;
  let count = 0;
  return () => {
    prefix ??= crypto.randomUUID();
    return `${prefix}-${++count}`;
  };
}
