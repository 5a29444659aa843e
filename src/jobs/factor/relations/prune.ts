/** Relations as edges between numbered vertices, of which 0 stands for 1: `left` and `right` of edge i are its ends. */
export interface Edges {
  readonly count: number;
  readonly vertices: number;
  readonly left: Uint32Array;
  readonly right: Uint32Array;
}

/**
 * Marks (1) the edges that are worth keeping: those on cycles or between cycles, and of independent cycles only `most`, the
 * short ones.
 */
export function usefulEdges(edges: Edges, most: number): Uint8Array {
  const isKept = new Uint8Array(edges.count).fill(1);
  dropDeadEnds(edges, isKept);
  const closing = closingEdges(edges, isKept);
  if (closing.length > most) {
    closing.sort((a, b) => a.length - b.length || a.edge - b.edge);
    for (const { edge } of closing.slice(most)) isKept[edge] = 0;
    dropDeadEnds(edges, isKept);
  }
  return isKept;
}

/** Takes out edges at vertices that have no other edge, again and again; vertex 0 may have one alone. */
function dropDeadEnds({ count, vertices, left, right }: Edges, isKept: Uint8Array): void {
  const degrees = new Uint32Array(vertices);
  // The exclusive or of a vertex's edges: where there is one alone, its number.
  const sums = new Uint32Array(vertices);
  const change = (vertex: number, edge: number, by: number) => {
    degrees[vertex] = at(degrees, vertex) + by;
    sums[vertex] = at(sums, vertex) ^ edge;
  };
  for (let edge = 0; edge < count; edge += 1) {
    if (isKept[edge] === 0) continue;
    change(at(left, edge), edge, 1);
    change(at(right, edge), edge, 1);
  }
  for (let first = 1; first < vertices; first += 1) {
    for (let vertex = first; vertex !== 0 && degrees[vertex] === 1;) {
      const edge = at(sums, vertex);
      isKept[edge] = 0;
      change(at(left, edge), edge, -1);
      change(at(right, edge), edge, -1);
      // The other end may have become a dead end.
      vertex = at(left, edge) === vertex ? at(right, edge) : at(left, edge);
    }
  }
}

interface ClosingEdge {
  readonly edge: number;
  /** About how many edges its cycle has. */
  readonly length: number;
}

/** The edges that close cycles when trees grow breadth first from vertex 0, and from any vertex that it does not reach. */
function closingEdges(edges: Edges, isKept: Uint8Array): ClosingEdge[] {
  const { count, vertices, left, right } = edges;
  const { starts, ends } = adjacency(edges, isKept);
  const depths = new Uint32Array(vertices);
  const isInTree = new Uint8Array(count);
  const queue = new Uint32Array(vertices);
  for (let root = 0; root < vertices; root += 1) {
    if (depths[root] !== 0) continue;
    depths[root] = 1;
    queue[0] = root;
    for (let head = 0, tail = 1; head < tail; head += 1) {
      const vertex = at(queue, head);
      for (let place = at(starts, vertex); place < at(starts, vertex + 1); place += 1) {
        const edge = at(ends, place);
        const other = at(left, edge) === vertex ? at(right, edge) : at(left, edge);
        if (depths[other] !== 0) continue;
        depths[other] = at(depths, vertex) + 1;
        isInTree[edge] = 1;
        queue[tail++] = other;
      }
    }
  }
  const closing: ClosingEdge[] = [];
  for (let edge = 0; edge < count; edge += 1) {
    if (isKept[edge] === 0 || isInTree[edge] === 1) continue;
    closing.push({ edge, length: at(depths, at(left, edge)) + at(depths, at(right, edge)) });
  }
  return closing;
}

/** For each vertex its edges: those from starts[v] to starts[v + 1] in `ends`. */
function adjacency({ count, vertices, left, right }: Edges, isKept: Uint8Array) {
  const starts = new Uint32Array(vertices + 1);
  const each = (visit: (vertex: number, edge: number) => void) => {
    for (let edge = 0; edge < count; edge += 1) {
      if (isKept[edge] === 0) continue;
      visit(at(left, edge), edge);
      visit(at(right, edge), edge);
    }
  };
  each((vertex) => {
    starts[vertex] = at(starts, vertex) + 1;
  });
  let sum = 0;
  for (let vertex = 0; vertex <= vertices; vertex += 1) {
    sum += at(starts, vertex);
    starts[vertex] = sum;
  }
  const ends = new Uint32Array(sum);
  // Filled from behind, which leaves each start where it belongs.
  each((vertex, edge) => {
    const place = at(starts, vertex) - 1;
    starts[vertex] = place;
    ends[place] = edge;
  });
  return { starts, ends };
}

function at(array: Uint32Array, place: number): number {
  return array[place] ?? 0;
}
