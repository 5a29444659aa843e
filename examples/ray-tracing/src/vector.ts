/** A point, a direction, or a colour as red, green and blue from 0 to 1. */
export type Vector = readonly [x: number, y: number, z: number];

export const add = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scale = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
export const multiply = (a: Vector, b: Vector): Vector => [a[0] * b[0], a[1] * b[1], a[2] * b[2]];
export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const normalize = (a: Vector): Vector => scale(a, 1 / Math.sqrt(dot(a, a)));
export const mix = (a: Vector, b: Vector, part: number): Vector => add(scale(a, 1 - part), scale(b, part));
export const reflect = (a: Vector, normal: Vector): Vector => subtract(a, scale(normal, 2 * dot(a, normal)));
export const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
