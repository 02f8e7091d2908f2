import {describe, expect, it} from 'vitest';
import {parseCsv, singleValue} from './test-data.ts';

describe('26.15 status of a line', () => {
  it.each([
    ['pw,idd,1.2,1.9,>', {status: 'fail'}],
    ['pw,iddq,1.0e9,10e9,1e9', {status: 'fail', value: 1e9}],
    ['pw,ioff,1.0e9,2e9,1e9', {status: 'pass'}],
    ['pw,vdd,1.2,1.9,<', {status: 'pass'}],
    ['pw,vss,1.2,1.2,<,,overload check', {status: 'fail', units: '', comment: 'overload check'}],
    ['pw,vbb, 1.2, 1.2, <= , V , high side', {status: 'pass', units: 'V', comment: 'high side'}],
    ['pw,tau,1.2,1.3,0.1', {status: 'pass'}],
    ['pw,off,-1.1,0,<', {status: 'pass', value: -1.1}],
    ['pw,res,1.2,pass,silly text', {status: 'n/a', expected: 'pass'}],
    ['io,cur,10,8mA,,,"a, quoted comment"', {status: 'n/a', comment: 'a, quoted comment'}],
    ['io,x,5,5', {status: 'n/a'}],
    ['io,y,5,5,~', {status: 'ERROR: bad tol comparator ~'}],
    ['io,z,5,9,>,V,forced,PASS,meas', {status: 'PASS', type: 'meas'}],
    ['io,w,5,9,>,V,c,n/a,meas', {status: 'fail'}],
    ['cat,var,val,exp,comp,units,comment,status,type', {status: 'status', value: 'val'}],
    ['a,b,.5,5.,1,u,c,,t,surplus', {status: 'fail', value: 0.5, expected: 5, type: 't'}],
  ])('%s', (line, wanted) => {
    expect(parseCsv(`${line}\n\n`)).toMatchObject([wanted]);
  });

  it('26.19 of -set-values', () => {
    const row = {
      category: 'pw',
      variable: 'idd',
      value: '10',
      expected: '11',
      tol: '2',
      units: 'mA',
      comment: '',
    };
    expect(singleValue(row)).toMatchObject({value: 10, expected: 11, tol: 2, status: 'pass', type: ''});
  });
});
