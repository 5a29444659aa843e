import { getBytes } from '../api.js';
import { bytes as bytesText } from '../format/number.js';
import { useFetch } from '../live/use-fetch.js';
import { Download, useBlobUrl } from '../parts/download.js';
import { Failure, Loading } from '../parts/page.js';
import { Block } from '../parts/text.js';
import { imageType, tell } from './tell.js';

/** More than this is not read into the page; it can be downloaded. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_IMAGES = 12;

interface ValueViewProps {
  readonly path: string;
  /** In bytes; 0 where it is not known before it is read. */
  readonly size: number;
  readonly label: string;
  /** Changes when there is another value. */
  readonly again?: unknown;
}

/** A value as text, images as pictures, and all of it to download. */
export function ValueView({ path, size, label, again }: ValueViewProps) {
  const isLarge = size > MAX_BYTES;
  const key = isLarge ? '' : path;
  const { value, error } = useFetch(
    key,
    async () => {
      if (isLarge) return undefined;
      const [{ decode }, read] = await Promise.all([import('./decode.js'), getBytes(path)]);
      return { decoded: decode(read) };
    },
    { again },
  ).value;
  // Not every job has parameters, and only the answer says so.
  if (size === 0 && error?.status === 404) return <p class="muted">None.</p>;
  return (
    <div class="value">
      {error && <Failure error={error} />}
      {!value && !error && !isLarge && <Loading />}
      {value && <Shown value={value.decoded} label={label} />}
      {isLarge && <p class="muted">This value is too long to be shown here.</p>}
      <p class="small muted">
        {size > 0 && `${bytesText(size)} · `}
        <a href={`/api/${path}?download`} download>
          Download as CBOR
        </a>
      </p>
    </div>
  );
}

function Shown({ value, label }: { readonly value: unknown; readonly label: string }) {
  const images = imagesOf(value);
  if (images.length > 0) {
    return (
      <div class="images">
        {images.map((image, at) => (
          <Picture key={at} bytes={image} name={`${label} ${at + 1}`} />
        ))}
      </div>
    );
  }
  // Text is shown as it is: quotes and escapes would stand between it and its reader.
  if (typeof value === 'string') return <Block text={value} label={label} />;
  const { text, isCut } = tell(value);
  return (
    <>
      <Block text={text} label={label} />
      {isCut && <p class="muted">It goes on: the download has all of it.</p>}
    </>
  );
}

function Picture({ bytes, name }: { readonly bytes: Uint8Array<ArrayBuffer>; readonly name: string }) {
  const type = imageType(bytes) ?? '';
  const url = useBlobUrl([bytes], type);
  return (
    <figure>
      {url !== '' && <img src={url} alt={name} />}
      <figcaption>
        <Download
          name={`${name.replaceAll(' ', '-')}.${type.slice('image/'.length)}`}
          type={type}
          parts={[bytes]}
        >
          Download image
        </Download>
      </figcaption>
    </figure>
  );
}

function imagesOf(value: unknown): Uint8Array<ArrayBuffer>[] {
  const candidates: unknown[] = Array.isArray(value) ? value.slice(0, MAX_IMAGES) : [value];
  const images = candidates.filter((one) => imageType(one) !== undefined);
  return images.length === candidates.length ? (images as Uint8Array<ArrayBuffer>[]) : [];
}
