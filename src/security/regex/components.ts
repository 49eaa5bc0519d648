/**
 * Strongly connected components (Tarjan, 1972), without recursion. Returns for each vertex an identifier of its
 * component.
 */
export function components(count: number, next: (vertex: number) => number[]): number[] {
  const order = new Array<number>(count).fill(-1);
  const low = new Array<number>(count).fill(0);
  const name = new Array<number>(count).fill(-1);
  const path: number[] = [];
  let visited = 0;
  for (let root = 0; root < count; root++) {
    if (order[root] !== -1) continue;
    const work: { vertex: number; edges: number[] }[] = [];
    const enter = (vertex: number) => {
      order[vertex] = visited;
      low[vertex] = visited++;
      path.push(vertex);
      work.push({ vertex, edges: next(vertex) });
    };
    enter(root);
    while (work.length > 0) {
      const { vertex, edges } = work.at(-1)!;
      const target = edges.pop();
      if (target !== undefined) {
        if (order[target] === -1) enter(target);
        else if (name[target] === -1) low[vertex] = Math.min(low[vertex]!, order[target]!);
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.vertex;
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[vertex]!);
      if (low[vertex] !== order[vertex]) continue;
      for (let member = -1; member !== vertex; ) {
        member = path.pop()!;
        name[member] = vertex;
      }
    }
  }
  return name;
}
