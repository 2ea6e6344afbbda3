/** Address of a server of this machine. One that listens on all addresses is reached by loopback. */
export function toLocalUrl({ host, port }: { host: string; port: number }): string {
  if (host === '0.0.0.0' || host === '::') {
    return `http://127.0.0.1:${port}`;
  }
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
