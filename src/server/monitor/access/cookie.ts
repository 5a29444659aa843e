/**
 * The name of the cookie that holds a session. Browsers send the cookies of a host to all its ports: it says which
 * cluster it is of, so that the monitors of two of them on one machine do not log each other's users out.
 */
export function sessionCookie(cluster: string): string {
  return `dsage_session_${cluster.replace(/[^\w-]/g, '')}`;
}
