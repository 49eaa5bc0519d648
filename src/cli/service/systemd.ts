import { commandOf, optionsComment, type ServiceDefinition } from './definition.ts';

export const SYSTEMD_UNIT = 'bitorch.service';

/**
 * A unit of the user's systemd instance (systemd.unit(5), systemd.service(5), systemd.exec(5)). It restarts the node after a failure,
 * not after `bitorch stop`.
 *
 * The sandbox of models needs namespaces, mounts and a fresh /proc, and the engine writes executable memory: so there is no
 * RestrictNamespaces=, SystemCallFilter=, MemoryDenyWriteExecute= or any directive that gives the node a file system of its own.
 */
export const systemdUnit = (definition: ServiceDefinition): string => `# Written by "bitorch service install".
# ${optionsComment(definition.options)}
[Unit]
Description=Bitorch node
StartLimitIntervalSec=1h
StartLimitBurst=20

[Service]
Type=exec
ExecStart=${commandOf(definition).map(quote).join(' ')}
Restart=on-failure
RestartSec=5
TimeoutStopSec=60
# Only the node is asked to stop; it ends its own children.
KillMode=mixed
# A model that exceeds its memory in the sandbox must not take the node with it.
OOMPolicy=continue
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native

[Install]
WantedBy=default.target
`;

/** An argument of ExecStart: in quotes, without specifiers and variables. */
const quote = (argument: string): string =>
  `"${argument.replace(/["\\]/g, '\\$&').replace(/[%$]/g, '$&$&').replaceAll('\n', '\\n')}"`;
