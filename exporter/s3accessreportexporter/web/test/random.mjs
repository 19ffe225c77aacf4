// Seeded randomness: the same requests each time.

export function random(seed) {
  const next = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const int = (n) => Math.floor(next() * n);
  const pick = (list) => list[int(list.length)];
  const weighted = (pairs) => {
    let x = next() * pairs.reduce((a, [w]) => a + w, 0);
    for (const [w, value] of pairs) if ((x -= w) < 0) return value;
    return pairs.at(-1)[1];
  };
  const gauss = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const around = (median, sigma) => median * Math.exp(sigma * gauss());
  const poisson = (l) => {
    if (l > 30) return Math.max(0, Math.round(l + Math.sqrt(l) * gauss()));
    const limit = Math.exp(-l);
    let k = 0;
    for (let p = next(); p > limit; p *= next()) k++;
    return k;
  };
  return { next, int, pick, weighted, around, poisson };
}
