/** What is shown of results; grids belong to the connection that has opened them. */
import {type CallHandlers, type Connected, RpcError, viewLimits, type viewsMethods} from '@megatest/rpc';
import type {HandlerTools} from './handler-tools.ts';

export type ViewsHandlers = CallHandlers<typeof viewsMethods>;

export function viewsHandlers({world: {views}, homehost: {palette}}: HandlerTools): ViewsHandlers {
  const gridsOf = new WeakMap<Connected, Set<number>>();
  let opened = 0;

  function mine(connection: Connected): Set<number> {
    let grids = gridsOf.get(connection);
    if (grids === undefined) {
      grids = new Set();
      gridsOf.set(connection, grids);
      connection.onClose(() => {
        for (const grid of grids ?? []) {
          // It is gone with its thread otherwise.
          void views.closeGrid(grid).catch(() => {});
        }
      });
    }
    return grids;
  }

  function mustBeMine(connection: Connected, grid: number): void {
    if (!mine(connection).has(grid)) {
      throw new RpcError('notFound', `this connection has no open grid ${grid}`, {what: 'grid', id: grid});
    }
  }

  /** All entries: what they tell is not news to the connection any more. */
  function wholePalette(connection: Connected) {
    palette.newsFor(connection);
    return {palette: palette.entries};
  }

  return {
    'runs.tree': async (params) => await views.ask('runs.tree', params),
    'grid.open': async (params, {connection}) => {
      if (!connection.isLasting) {
        throw new RpcError('invalidRequest', 'a grid lives as long as its connection: use a WebSocket');
      }
      const grids = mine(connection);
      if (grids.size >= viewLimits.grids) {
        throw new RpcError(
          'tooLarge',
          `a connection has at most ${viewLimits.grids} open grids: close one that is not shown any more`,
          {limit: viewLimits.grids},
        );
      }
      opened += 1;
      const grid = opened;
      grids.add(grid);
      try {
        const open = await views.openGrid({...params, grid});
        return {...open, ...wholePalette(connection)};
      } catch (error) {
        grids.delete(grid);
        throw error;
      }
    },
    'grid.close': async ({grid}, {connection}) => {
      mustBeMine(connection, grid);
      mine(connection).delete(grid);
      await views.closeGrid(grid);
      return null;
    },
    'grid.rows': async (params, {connection}) => {
      mustBeMine(connection, params.grid);
      const window = await views.ask('grid.rows', params);
      const news = palette.newsFor(connection);
      return news === undefined ? window : {...window, palette: news};
    },
    'grid.locate': async (params, {connection}) => {
      mustBeMine(connection, params.grid);
      return await views.ask('grid.locate', params);
    },
    'runs.matrix': async (params, {connection}) => ({
      ...(await views.ask('runs.matrix', params)),
      ...wholePalette(connection),
    }),
    'runs.compare': async (params, {connection}) => ({
      ...(await views.ask('runs.compare', params)),
      ...wholePalette(connection),
    }),
    'timeline.get': async (params, {connection}) => ({
      ...(await views.ask('timeline.get', params)),
      ...wholePalette(connection),
    }),
  };
}
