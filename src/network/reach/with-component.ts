/** The same object with another value of one property. Its methods still act on the original, private fields included. */
export function withComponent<T extends object, Name extends keyof T>(
  object: T,
  name: Name,
  value: T[Name],
): T {
  return new Proxy(object, {
    get(target, key) {
      if (key === name) return value;
      const found: unknown = Reflect.get(target, key, target);
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });
}
