import { DistributedJob } from 'dsage';

export interface Picture {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Into how many strips the picture is cut: the number of tasks. */
  readonly strips: number;
}

/** Rows of the picture, from `top` up to and without `bottom`; row 0 is the highest. */
export interface Strip {
  readonly top: number;
  readonly bottom: number;
}

/** A picture that is rendered in strips and stitched together: red, green and blue for each pixel, row by row. */
export abstract class PictureInStrips<P extends Picture> extends DistributedJob<
  P,
  Strip,
  Uint8Array,
  Uint8Array
> {
  readonly #pixels = new Uint8Array(this.parameters.width * this.parameters.height * 3);

  *tasks() {
    const { height } = this.parameters;
    for (let place = 0; place < this.total; place += 1) {
      const [top, bottom] = [place, place + 1].map((edge) => Math.round((edge * height) / this.total));
      yield { top, bottom } as Strip;
    }
  }

  /** A strip has one row at least, and a picture one strip. */
  override get total() {
    return Math.max(1, Math.min(this.parameters.strips, this.parameters.height));
  }

  /** Strips come as they are ready, and each knows its place. */
  collect(pixels: Uint8Array, { top }: Strip) {
    this.#pixels.set(pixels, top * this.parameters.width * 3);
  }

  get result() {
    return this.#pixels;
  }
}
