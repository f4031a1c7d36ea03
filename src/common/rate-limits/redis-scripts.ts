/**
 * Takes places in one window, or only looks when none are asked for. The window is a list of the times at which
 * places were taken, in microseconds of Redis's own clock, so that the clocks of the processes do not matter. Redis
 * runs nothing else meanwhile.
 *
 * KEYS: the window. ARGV: limit, length in microseconds, places.
 * Answers: whether they were taken, places taken, time until the oldest leaves, time until those asked for fit in
 * (both in microseconds), the time at which they were taken.
 */
export const TAKE = `
local key, limit, length, places = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- Redis's clock may have been set back, or this is another server now. Time stands still then, but for one window at most.
local newest = tonumber(redis.call('LINDEX', key, -1) or nil)
if newest and newest > now then
  if newest > now + length then redis.call('DEL', key) else now = newest end
end

local used = redis.call('LLEN', key)
while used > 0 and tonumber(redis.call('LINDEX', key, 0)) <= now - length do
  redis.call('LPOP', key)
  used = used - 1
end

local wanted = math.max(places, 1)
local allowed = used + wanted <= limit
local stamp = string.format('%.0f', now)
if allowed and places > 0 then
  for _ = 1, places do redis.call('RPUSH', key, stamp) end
  used = used + places
  redis.call('PEXPIRE', key, math.ceil(length / 1000))
end

local function leavesIn(place)
  return tonumber(redis.call('LINDEX', key, place)) + length - now
end
local oldest = used > 0 and leavesIn(0) or 0
local fits = (allowed or used == 0) and 0 or leavesIn(math.min(used, used + wanted - limit) - 1)
return {allowed and 1 or 0, used, oldest, fits, now}
`;
