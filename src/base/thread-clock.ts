/** CPU time of this thread in milliseconds. Waiting and time given to other processes do not count. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
