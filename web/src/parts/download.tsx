import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** A URL of bytes that the page holds, for as long as they are shown. */
export function useBlobUrl(parts: readonly BlobPart[], type: string): string {
  const [url, setUrl] = useState('');
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([...parts], { type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [parts[0], type]);
  return url;
}

interface DownloadProps {
  readonly name: string;
  readonly type: string;
  readonly parts: readonly BlobPart[];
  readonly children: ComponentChildren;
}

export function Download({ name, type, parts, children }: DownloadProps) {
  return (
    <a class="button" href={useBlobUrl(parts, type)} download={name}>
      {children}
    </a>
  );
}
