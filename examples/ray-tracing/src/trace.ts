import { CAMERA, FLOOR, SKY, SPHERES, SUN } from './scene.js';
import type { Sphere } from './scene.js';
import type { Picture, Strip } from './strips.js';
import { add, cross, dot, mix, multiply, normalize, reflect, scale, subtract } from './vector.js';
import type { Vector } from './vector.js';

interface Hit {
  readonly distance: number;
  readonly normal: Vector;
  readonly color: Vector;
  readonly mirror: number;
}

const TO_SUN = normalize(SUN.direction);
/** Rays that start on a surface must not meet it again because of rounding. */
const CLEARANCE = 1e-4;
const MAX_REFLECTIONS = 5;
const AMBIENT = 0.32;

/** Renders one strip: three bytes for each pixel, each the mean of `samples` times `samples` rays. */
export function renderStrip({ width, height }: Picture, { top, bottom }: Strip, samples: number): Uint8Array {
  const rayThrough = camera(width, height);
  const bytes = new Uint8Array((bottom - top) * width * 3);
  let place = 0;
  for (let y = top; y < bottom; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum: Vector = [0, 0, 0];
      for (let sample = 0; sample < samples * samples; sample += 1) {
        const dx = ((sample % samples) + 0.5) / samples;
        const dy = (Math.floor(sample / samples) + 0.5) / samples;
        sum = add(sum, colorAlong(CAMERA.from, rayThrough(x + dx, y + dy)));
      }
      for (const part of sum) bytes[place++] = toByte(part / samples ** 2);
    }
  }
  return bytes;
}

/** What gives the direction in which a place of the picture is seen. */
function camera(width: number, height: number): (x: number, y: number) => Vector {
  const forward = normalize(subtract(CAMERA.to, CAMERA.from));
  const right = normalize(cross([0, 1, 0], forward));
  const up = cross(forward, right);
  const pixel = (2 * Math.tan((CAMERA.fieldOfView * Math.PI) / 360)) / height;
  return (x, y) => {
    const across = add(scale(right, (x - width / 2) * pixel), scale(up, (height / 2 - y) * pixel));
    return normalize(add(forward, across));
  };
}

function colorAlong(from: Vector, direction: Vector, reflections = 0): Vector {
  const hit = firstHit(from, direction);
  if (hit === undefined) return sky(direction);
  const at = add(from, scale(direction, hit.distance));
  const own = multiply(hit.color, lightOn(at, hit.normal));
  if (reflections === MAX_REFLECTIONS) return own;
  // The flatter the angle, the more of a mirror any surface is (Schlick).
  const mirror = hit.mirror + (1 - hit.mirror) * 0.5 * (1 + dot(direction, hit.normal)) ** 5;
  const seen = colorAlong(at, reflect(direction, hit.normal), reflections + 1);
  const color = mix(own, seen, mirror);
  return add(color, highlight(at, direction, hit));
}

function lightOn(at: Vector, normal: Vector): Vector {
  const slope = dot(normal, TO_SUN);
  const sun = slope > 0 && !isShadowed(at) ? slope : 0;
  return add(scale(SUN.color, sun), scale(SKY.horizon, AMBIENT * (0.6 + 0.4 * normal[1])));
}

/** The sun itself, seen in a shiny surface. */
function highlight(at: Vector, direction: Vector, { normal, mirror }: Hit): Vector {
  const shine = Math.max(0, dot(reflect(direction, normal), TO_SUN)) ** 90;
  return shine < 1e-3 || mirror < 0.15 || isShadowed(at) ? [0, 0, 0] : scale(SUN.color, 0.9 * shine);
}

function isShadowed(at: Vector): boolean {
  return SPHERES.some((sphere) => distanceTo(sphere, at, TO_SUN) !== undefined);
}

function firstHit(from: Vector, direction: Vector): Hit | undefined {
  let nearest = floorDistance(from, direction);
  let found: Sphere | undefined;
  for (const sphere of SPHERES) {
    const distance = distanceTo(sphere, from, direction);
    if (distance !== undefined && distance < nearest) [nearest, found] = [distance, sphere];
  }
  if (nearest === Infinity) return undefined;
  const at = add(from, scale(direction, nearest));
  if (found === undefined)
    return { distance: nearest, normal: [0, 1, 0], color: floorColor(at, nearest), mirror: FLOOR.mirror };
  const { center, color, mirror } = found;
  return { distance: nearest, normal: normalize(subtract(at, center)), color, mirror };
}

/** Where a ray meets a sphere first: the smaller root of a quadratic equation that lies ahead. */
function distanceTo({ center, radius }: Sphere, from: Vector, direction: Vector): number | undefined {
  const offset = subtract(from, center);
  const half = dot(offset, direction);
  const discriminant = half * half - dot(offset, offset) + radius * radius;
  if (discriminant < 0) return undefined;
  const root = Math.sqrt(discriminant);
  const distance = -half - root > CLEARANCE ? -half - root : -half + root;
  return distance > CLEARANCE ? distance : undefined;
}

function floorDistance(from: Vector, direction: Vector): number {
  const distance = -from[1] / direction[1];
  return distance > CLEARANCE ? distance : Infinity;
}

/** A chessboard, which fades into the haze at the horizon. */
function floorColor([x, , z]: Vector, distance: number): Vector {
  const isLight = (Math.floor(x) + Math.floor(z)) % 2 === 0;
  return mix(SKY.horizon, isLight ? FLOOR.light : FLOOR.dark, Math.exp(-((distance / 42) ** 2)));
}

function sky(direction: Vector): Vector {
  return mix(SKY.horizon, SKY.zenith, Math.max(0, direction[1]) ** 0.5);
}

/** From an amount of light to what a screen is told (gamma 2.2). */
function toByte(light: number): number {
  return Math.round(255 * Math.min(1, Math.max(0, light)) ** (1 / 2.2));
}
