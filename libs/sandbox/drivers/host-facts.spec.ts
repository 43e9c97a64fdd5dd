import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCgroup } from './cgroup.js';
import { containerOptions } from './container-options.js';
import { isSafeRunc } from './docker-check.js';
import { exitFromShell } from './exit-status.js';
import { mountPoints } from './scratch-volumes.js';

describe('facts of the host', () => {
  it('tell the cgroup of both versions', () => {
    const root = mkdtempSync(join(tmpdir(), 'hearth-cgroup-'));
    mkdirSync(join(root, 'memory/docker/a'), { recursive: true });
    mkdirSync(join(root, 'system.slice/b'), { recursive: true });
    expect(parseCgroup('9:memory:/docker/a\n0::/docker/a\n', 'memory', root)).toEqual({ directory: join(root, 'memory/docker/a'), version: 'v1' });
    expect(parseCgroup('0::/system.slice/b\n', 'memory', root)).toEqual({ directory: join(root, 'system.slice/b'), version: 'v2' });
    expect(parseCgroup('0::/not/here\n', 'memory', root)).toBeUndefined();
    rmSync(root, { recursive: true });
  });

  it('tell mount points with blanks', () => {
    expect(mountPoints('36 35 98:0 / /a\\040b/c rw - ext4 /dev/x rw\n')).toContain('/a b/c');
  });

  it('tell a runc with known escapes from a mended one', () => {
    expect(['1.1.15', '1.2.7', '1.3.2', '1.1.5+ds1', ''].map(isSafeRunc)).toEqual([false, false, false, false, false]);
    expect(['1.2.8', '1.3.3', '1.4.0', '2.0.0'].map(isSafeRunc)).toEqual([true, true, true, true]);
  });

  it('tell a signal from an exit code', () => {
    expect([exitFromShell(137), exitFromShell(134), exitFromShell(139), exitFromShell(7), exitFromShell(129), exitFromShell(255)]).toEqual([
      { signal: 'killed' },
      { signal: 'aborted' },
      { signal: 'segmentation fault' },
      { exitCode: 7 },
      { exitCode: 129 },
      { exitCode: 255 },
    ]);
  });
});

it('the container template holds every limit and no environment', () => {
  const options = containerOptions({
    id: 'a',
    image: 'i',
    memoryMb: 128,
    ephemeralStorageMb: 512,
    user: { uid: 993, gid: 990 },
    labels: {},
    hostCpus: 4,
    codePath: '/c',
    networks: [],
    launcher: { path: '/l', target: '/run/l', entrypoint: ['/run/l'] },
    hostsPath: '/h',
    controlPath: '/k',
  });
  expect(options.Env).toBeUndefined();
  expect(options.User).toBe('993:990');
  expect(options.Healthcheck).toEqual({ Test: ['NONE'] });
  expect(options.HostConfig).toMatchObject({
    NetworkMode: 'none',
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges', expect.stringMatching(/^seccomp=\{"defaultAction":"SCMP_ACT_ERRNO"/)],
    ReadonlyRootfs: true,
    PidsLimit: 1_024,
    Memory: 134_217_728,
    MemorySwap: 134_217_728,
    LogConfig: { Type: 'none' },
    Tmpfs: { '/tmp': 'rw,exec,nosuid,nodev,size=512m,mode=1777' },
  });
});
