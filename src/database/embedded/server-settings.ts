/** The name that initdb gives the cluster's superuser. */
export const SUPERUSER = 'postgres';

/** Names the socket file only; the server has no TCP port. */
export const SOCKET_PORT = 5432;

/**
 * `fsync: false` is for tests alone: a power cut would lose the database. Commits still reach the kernel, so that
 * a killed server loses none.
 */
export interface ServerSettings {
  clusterDir: string;
  runDir: string;
  fsync: boolean;
}

/**
 * The server's whole configuration as command-line arguments, so that nothing in the data folder can differ from
 * what this version expects. Errors are logged without their DETAIL and STATEMENT, which may quote personal data.
 */
export function serverArguments({ clusterDir, runDir, fsync }: ServerSettings): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: '',
    port: SOCKET_PORT,
    unix_socket_directories: runDir,
    unix_socket_permissions: '0700',
    max_connections: 100,
    shared_buffers: '128MB',
    password_encryption: 'scram-sha-256',
    cluster_name: 'mc101',
    logging_collector: 'off',
    log_destination: 'stderr',
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    log_line_prefix: '%m [%p] ',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(fsync ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  return [
    '-D',
    clusterDir,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}
