/*
 * Redis side of shared tokens. Keys of one deployment:
 *   PREFIX:concurrency:processes      sorted set: process id by end of its lease (ms of Redis's clock)
 *   PREFIX:concurrency:pool:POOL      hash: process id to the number of tokens it holds
 *   PREFIX:concurrency:pool:POOL:wanted   somebody was refused lately
 */

/** A pool that nobody restates is forgotten. Holders restate theirs far more often. */
export const POOL_TTL_MS = 600_000;
/** Longer than holders take to look. */
const WANTED_MARK_MS = 3_000;

/**
 * KEYS[1] pool (its mark is KEYS[1]:wanted)   KEYS[2] processes
 * ARGV[1] process   ARGV[2] tokens it holds   ARGV[3] how many more it wants   ARGV[4] limit   ARGV[5] lease in ms
 * ARGV[6] channel on which holders are asked for idle tokens   ARGV[7] message
 * Returns { tokens given, other living processes that hold some }. When it could give none and others hold some it publishes the message, and leaves a
 * mark for those who do not hear it.
 */
export const ACQUIRE = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', KEYS[2], now + ARGV[5], ARGV[1])
local others = 0
local holders = 0
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if all[i] ~= ARGV[1] then
    local lease = redis.call('ZSCORE', KEYS[2], all[i])
    if lease and tonumber(lease) > now then others = others + tonumber(all[i + 1]); holders = holders + 1 else redis.call('HDEL', KEYS[1], all[i]) end
  end
end
local given = math.max(0, math.min(tonumber(ARGV[3]), tonumber(ARGV[4]) - others - tonumber(ARGV[2])))
local holds = tonumber(ARGV[2]) + given
if holds > 0 then redis.call('HSET', KEYS[1], ARGV[1], holds) else redis.call('HDEL', KEYS[1], ARGV[1]) end
redis.call('PEXPIRE', KEYS[1], ${POOL_TTL_MS})
if given == 0 and others > 0 then
  redis.call('SET', KEYS[1] .. ':wanted', 1, 'PX', ${WANTED_MARK_MS})
  redis.call('PUBLISH', ARGV[6], ARGV[7])
end
return { given, holders }`;

/**
 * KEYS[1] pool   ARGV[1] process   ARGV[2] tokens it holds now   ARGV[3] channel   ARGV[4] message, or empty
 * States what a process holds; with a message it tells that tokens became free. Returns 1.
 */
export const STATE = `
if tonumber(ARGV[2]) > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ${POOL_TTL_MS})
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
if ARGV[4] ~= '' then redis.call('PUBLISH', ARGV[3], ARGV[4]) end
return 1`;

/**
 * KEYS[1] processes   ARGV[1] process   ARGV[2] lease in ms; 0 = leave
 * Returns 1 when the process was known and its lease had not ended, else 0: what it holds may have been given away.
 */
export const LEASE = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if tonumber(ARGV[2]) == 0 then return redis.call('ZREM', KEYS[1], ARGV[1]) end
local lease = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if lease and tonumber(lease) > now then return 1 end
return 0`;
