import type { Vector } from './vector.js';

export interface Sphere {
  readonly center: Vector;
  readonly radius: number;
  readonly color: Vector;
  /** The part of the light that it reflects as a mirror does. */
  readonly mirror: number;
}

/** Large spheres in the middle, and rings of small ones around them, on a chessboard at height 0. */
export const SPHERES: readonly Sphere[] = [
  { center: [0, 1.25, 0], radius: 1.25, color: [0.9, 0.92, 0.95], mirror: 0.8 },
  { center: [-2.45, 0.85, 0.75], radius: 0.85, color: [0.72, 0.05, 0.04], mirror: 0.14 },
  { center: [2.3, 0.9, 0.35], radius: 0.9, color: [0.95, 0.46, 0.03], mirror: 0.16 },
  ...ring(11, 3.9, 0.36),
  ...ring(17, 5.8, 0.28),
];

export const CAMERA = { from: [0.9, 2.6, -8.2], to: [0, 0.85, 0], fieldOfView: 38 } as const;
export const SUN = { direction: [-0.55, 0.75, -0.45], color: [1.25, 1.18, 1.05] } as const;
export const SKY = { horizon: [0.62, 0.75, 0.9], zenith: [0.05, 0.16, 0.45] } as const;
export const FLOOR = { light: [0.72, 0.7, 0.66], dark: [0.06, 0.075, 0.1], mirror: 0.1 } as const;

function ring(count: number, distance: number, radius: number): Sphere[] {
  return Array.from({ length: count }, (_, place) => {
    const turn = (2 * Math.PI * (place + 0.35)) / count;
    return {
      center: [distance * Math.sin(turn), radius, distance * Math.cos(turn)],
      radius,
      color: hue(place / count),
      mirror: 0.15,
    };
  });
}

/** A colour of the rainbow, for a number from 0 to 1. */
function hue(turn: number): Vector {
  const part = (shift: number) => (0.5 + 0.42 * Math.cos(2 * Math.PI * (turn + shift))) ** 2;
  return [part(0), part(-1 / 3), part(1 / 3)];
}
