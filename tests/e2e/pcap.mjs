// A capture file, octet by octet: Ethernet, IPv4, UDP, DNS.

const u16 = (value) => [(value >> 8) & 255, value & 255];
const u32le = (value) => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];
const address = (text) => text.split('.').map(Number);

const fileHeader = [
  ...u32le(0xa1b2c3d4), // microseconds
  ...[2, 0, 4, 0], // version 2.4
  ...u32le(0),
  ...u32le(0),
  ...u32le(65_535), // snapshot length
  ...u32le(1), // Ethernet
];

const name = (labels) => [...labels.flatMap((label) => [label.length, ...Buffer.from(label, 'latin1')]), 0];

const message = ({ id, labels, qtype, response }) => [
  ...u16(id),
  ...u16(response ? 0x8180 : 0x0100),
  ...[0, 1, 0, 0, 0, 0, 0, 0],
  ...name(labels),
  ...u16(qtype),
  ...u16(1),
];

const checksum = (octets) => {
  let sum = 0;
  for (let i = 0; i < octets.length; i += 2) sum += (octets[i] << 8) | octets[i + 1];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
};

const frame = ({ from, to, fromPort, toPort }, payload) => {
  const udp = [...u16(fromPort), ...u16(toPort), ...u16(8 + payload.length), 0, 0, ...payload];
  const head = (sum) => [0x45, 0, ...u16(20 + udp.length), 0, 0, 0x40, 0, 64, 17, ...u16(sum), ...address(from), ...address(to)];
  return [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, ...head(checksum(head(0))), ...udp];
};

const record = (time_us, octets) => [
  ...u32le(Math.floor(time_us / 1e6)),
  ...u32le(time_us % 1e6),
  ...u32le(octets.length),
  ...u32le(octets.length),
  ...octets,
];

/// `queries`: {time_us, client, labels, qtype}; each gets a response a millisecond later.
export const pcap = (queries, server = '198.51.100.53') => {
  const records = queries.flatMap(({ time_us, client, labels, qtype }, i) => {
    const id = i & 0xffff;
    const there = { from: client, to: server, fromPort: 40_000 + (i % 20_000), toPort: 53 };
    const back = { from: server, to: client, fromPort: 53, toPort: there.fromPort };
    return [
      record(time_us, frame(there, message({ id, labels, qtype, response: false }))),
      record(time_us + 1000, frame(back, message({ id, labels, qtype, response: true }))),
    ];
  });
  return Buffer.from([...fileHeader, ...records.flat()]);
};
