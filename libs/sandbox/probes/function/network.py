"""The host's services, neighbours, metadata, and what the bridge to the API must not give."""
import errno
import http.client
import os
import socket
import struct

from probe import probe

TIMEOUT_S = 0.7


def connects(address, port):
    with socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET) as client:
        client.settimeout(TIMEOUT_S)
        client.connect((address, port))
        return 'connected to %s port %d' % (address, port)


def any_of(addresses, port):
    refusal = None
    for address in addresses:
        try:
            return connects(address, port)
        except OSError as error:
            refusal = error
    if refusal:
        raise refusal
    return None


@probe('network.host-loopback', "reaches a server on the host's 127.0.0.1")
def host_loopback(targets):
    return connects('127.0.0.1', targets['loopback_port'])


@probe('network.host-loopback6', "reaches a server on the host's ::1")
def host_loopback6(targets):
    return connects('::1', targets['loopback6_port'])


@probe('network.host-addresses', "reaches a server of the host's on any of its addresses")
def host_addresses(targets):
    return any_of(targets['host_addresses'], targets['open_port'])


@probe('network.host-addresses6', "reaches a server of the host's on any of its IPv6 addresses")
def host_addresses6(targets):
    return any_of(targets['host_addresses6'], targets['open_port'])


@probe('network.host-link-local6', "reaches a server of the host's by IPv6 link-local address")
def host_link_local6(targets):
    refusal = None
    for index, _ in socket.if_nameindex():
        for address in targets['link_local6']:
            try:
                with socket.socket(socket.AF_INET6) as client:
                    client.settimeout(TIMEOUT_S)
                    client.connect((address, targets['open_port'], 0, index))
                    return 'connected to %s' % address
            except OSError as error:
                refusal = error
    if refusal:
        raise refusal
    return None


@probe('network.host-all-ports', "finds any open TCP port of the host's, of all 65,535, and the usual ones on its other addresses")
def host_all_ports(targets):
    for index, address in enumerate(targets['host_addresses']):
        for port in [targets['open_port'], *range(1, 1025 if index else targets.get('last_port', 65535) + 1)]:
            with socket.socket() as client:
                client.settimeout(TIMEOUT_S)
                code = client.connect_ex((address, port))
                if code == 0:
                    return 'connected to %s port %d' % (address, port)
                if code in (errno.ECONNREFUSED,):
                    return 'was answered by %s' % address
                if code not in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EPERM):
                    # An address that swallows packets: every port would take the time-out, and says as much as one.
                    break
    return None


@probe('network.host-udp', "sends a datagram to the host")
def host_udp(targets):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(TIMEOUT_S)
        for address in targets['host_addresses']:
            try:
                client.sendto(b'probe', (address, targets['udp_port']))
                return 'answered: ' + client.recv(64).decode()
            except OSError as error:
                refusal = error
        raise refusal


@probe('network.bound-device', 'reaches the host by a socket bound to its device')
def bound_device(targets):
    refusal = None
    for _, name in socket.if_nameindex():
        for address in targets['host_addresses']:
            with socket.socket() as client:
                client.settimeout(TIMEOUT_S)
                try:
                    client.setsockopt(socket.SOL_SOCKET, 25, name.encode())
                    client.connect((address, targets['open_port']))
                    return 'connected to %s over %s' % (address, name)
                except OSError as error:
                    refusal = error
    raise refusal


@probe('network.neighbour-container', "reaches a neighbour container's server")
def neighbour_container(targets):
    return any_of(targets['neighbour_addresses'], targets['neighbour_port'])


@probe('network.neighbour-sandbox', "reaches another sandbox's server")
def neighbour_sandbox(targets):
    return any_of(targets['sandbox_addresses'], targets['sandbox_port'])


@probe('network.neighbour-all-ports', "finds any open TCP port of a neighbour's, of all 65,535")
def neighbour_all_ports(targets):
    return host_all_ports({**targets, 'host_addresses': targets['neighbour_addresses'] + targets['sandbox_addresses']})


@probe('network.neighbourhood', "finds anybody in the engine's default network")
def neighbourhood(targets):
    prefix = targets['bridge_prefix']
    refusal = None
    for last in range(1, 8):
        try:
            return connects('%s.%d' % (prefix, last), targets['neighbour_port'])
        except ConnectionRefusedError:
            return 'was answered by %s.%d' % (prefix, last)
        except OSError as error:
            refusal = error
    raise refusal


METADATA = {
    'aws': ('169.254.169.254', 80), 'aws-credentials': ('169.254.170.2', 80), 'aws-pods': ('169.254.170.23', 80), 'aws-time': ('169.254.169.123', 80),
    'aws6': ('fd00:ec2::254', 80), 'alibaba': ('100.100.100.200', 80), 'oracle': ('192.0.0.192', 80), 'azure': ('168.63.129.16', 80),
    'runtime-api': ('169.254.100.1', 9001), 'openstack-dns': ('169.254.169.254', 53), 'azure-agent': ('168.63.129.16', 32526),
}
for name, (address, port) in METADATA.items():
    probe('metadata.' + name, 'reaches the metadata address %s port %d' % (address, port))(lambda targets, address=address, port=port: connects(address, port))


@probe('metadata.by-mapped-address', 'reaches the metadata address written as an IPv6 address')
def mapped(targets):
    return connects('::ffff:169.254.169.254', 80)


@probe('metadata.by-number', 'reaches the metadata address written as a number')
def by_number(targets):
    return connects('2852039166', 80)


@probe('metadata.by-udp', 'has a datagram answered by the metadata address')
def metadata_udp(targets):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(TIMEOUT_S)
        client.sendto(b'probe', ('169.254.169.254', targets['udp_port']))
        return 'answered: ' + client.recv(64).decode()


@probe('network.broadcast', 'sends to everybody in its network')
def broadcast(targets):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.settimeout(TIMEOUT_S)
        client.sendto(b'probe', ('255.255.255.255', targets['udp_port']))
        return 'sent'


@probe('network.bound-broadcast', 'has a broadcast answered that passes by the routing rules, its socket being bound to a device')
def bound_broadcast(targets):
    refusal = None
    for _, name in socket.if_nameindex():
        for destination in ['255.255.255.255', '224.0.0.1']:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                client.settimeout(TIMEOUT_S)
                try:
                    client.setsockopt(socket.SOL_SOCKET, 25, name.encode())
                    client.sendto(b'probe', (destination, targets['udp_port']))
                    return 'answered: ' + client.recv(64).decode()
                except OSError as error:
                    refusal = error
    raise refusal


@probe('network.multicast', 'sends to a multicast group')
def multicast(targets):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b'probe', ('224.0.0.251', 5353))
        return 'sent'


@probe('network.change-route', 'changes its routes')
def change_route(targets):
    # RTM_NEWRULE: family, ..., action lookup main, priority 1
    with socket.socket(16, socket.SOCK_RAW, 0) as netlink:
        body = struct.pack('BBBBBBBBI', socket.AF_INET, 0, 0, 0, 254, 0, 0, 1, 0) + struct.pack('HHI', 8, 6, 32760)
        netlink.send(struct.pack('IHHII', 16 + len(body), 32, 0x605, 1, 0) + body)
        code = struct.unpack_from('i', netlink.recv(4096), 16)[0]
        if code:
            raise OSError(-code, os.strerror(-code))
        netlink.send(struct.pack('IHHII', 16 + len(body), 33, 5, 2, 0) + body)
        return 'changed'


@probe('network.interface', 'changes the address of an interface')
def interface(targets):
    import fcntl
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        # SIOCSIFMTU of lo to what it is
        request = struct.pack('16si12x', b'lo', 65536)
        fcntl.ioctl(any_socket, 0x8922, request)
        return 'changed'


@probe('network.unprivileged-mark', 'marks its packets, past routing rules')
def mark(targets):
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, 36, 1)
        return 'marked'


def http_answer(port, method, target, headers=None, host='127.0.0.1'):
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in (headers or {'Host': host}).items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read(300).decode(errors='replace')


@probe('network.admin-api', "reaches the operator's part of Hearth's API")
def admin_api(targets):
    for target in ['/_hearth/health', '/_hearth/probe', '//_hearth/probe', '/%5fhearth/probe', '/x/../_hearth/probe', '/_HEARTH/probe']:
        status, body = http_answer(targets['api_port'], 'GET', target)
        if targets['api_canary'] in body:
            return target + ' was answered'
    return None


@probe('network.api-as-proxy', "uses the way to Hearth's API as a way to anywhere")
def api_as_proxy(targets):
    other = '127.0.0.1:%d' % targets['loopback_port']
    for method, target, headers in [('GET', 'http://%s/' % other, {'Host': other}), ('CONNECT', other, {'Host': other}), ('GET', '/', {'Host': other}), ('GET', '/', {'Host': 'x', 'X-Forwarded-Host': other})]:
        try:
            status, body = http_answer(targets['api_port'], method, target, headers)
        except (http.client.HTTPException, ConnectionError):
            continue
        if targets['loopback_canary'] in body:
            return '%s %s was answered' % (method, target)
    return http_answer(targets['loopback_port'], 'GET', '/')[1] if targets.get('control') else None


@probe('network.other-runtime-api', "reaches another sandbox's Runtime API")
def other_runtime_api(targets):
    return any_of(targets['sandbox_addresses'] + targets['host_addresses'], targets['runtime_api_port'])


for name, port in {'docker': 2375, 'docker-tls': 2376}.items():
    @probe('network.engine-' + name, "reaches the engine's API by TCP port %d" % port)
    def engine(targets, port=port):
        return any_of(['127.0.0.1'] + targets['host_addresses'], port if not targets.get('control') else targets['open_port'])


@probe('network.postgres', "reaches the platform's Postgres")
def postgres(targets):
    return any_of(['127.0.0.1'] + targets['host_addresses'], targets['postgres_port'])


@probe('network.redis', "reaches the platform's Redis")
def redis(targets):
    return any_of(['127.0.0.1'] + targets['host_addresses'], targets['redis_port'])
