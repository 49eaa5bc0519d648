/** Milliseconds that this thread has computed: waiting, and time that a busy machine gives to others, do not count. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
