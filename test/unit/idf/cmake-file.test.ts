import { describe, expect, it } from 'vitest';
import { idfBuildSystem, literalOf, parseCmake, projectNameOf } from '../../../src/idf/cmake-file.ts';
import { defaultsCandidates, listVariable } from '../../../src/idf/config-defaults.ts';
import { embeddedFiles } from '../../../src/idf/embedded-files.ts';
import { cmakeLists } from './project-folder.ts';

const callsOf = (text: string): [string, string[]][] =>
  parseCmake(text).calls.map(({ name, arguments: found }) => [name, found.map((argument) => argument.text)]);

describe('CMake calls', () => {
  it('are read with quoted, unquoted and bracket arguments, without comments', () => {
    expect(
      callsOf(
        'SET(A "one two" three;four)# c\n#[[ set(NO) ]]\nset(B [=[ a ]] b ]=] # set(NO)\n  "x\\"y" (nested))\nlone\n',
      ),
    ).toEqual([
      ['set', ['A', 'one two', 'three;four']],
      ['set', ['B', ' a ]] b ', 'x\\"y', 'nested']],
    ]);
  });

  it('know where they stand', () => {
    const text = 'if(X)\r\n  set(V\r\n      "1.0")\r\nendif()\r\nset(W 2)';
    const { calls } = parseCmake(text);
    expect(calls.map(({ name, line, depth }) => [name, line, depth])).toEqual([
      ['if', 1, 0],
      ['set', 2, 1],
      ['endif', 4, 0],
      ['set', 5, 0],
    ]);
    const argument = calls[1]?.arguments[1];
    expect(argument).toMatchObject({ line: 3, column: 7 });
    expect(text.slice(argument?.start, argument?.end)).toBe('1.0');
  });

  it.each([
    ['set(A "open', 'quotedArgument'],
    ['set(A [[open', 'bracket'],
    ['set(A\nb', 'call'],
  ])('that do not end (%j) are a problem, not an error', (text, what) => {
    expect(parseCmake(text).problems).toEqual([{ code: 'cmake.unterminated', line: 1, details: { what } }]);
  });

  it.each([
    ['"a\\"b\\\\"', 'a"b\\'],
    ['"${X}"', undefined],
    ['$ENV{HOME}', undefined],
    ['"$<CONFIG>"', undefined],
    ['"\\${X}"', '${X}'],
    ['[[${X}]]', '${X}'],
    ['"costs 5$"', 'costs 5$'],
  ])('have the literal value of %s', (text, value) => {
    const argument = parseCmake(`f(${text})`).calls[0]?.arguments[0];
    expect(argument && literalOf(argument)).toBe(value);
  });
});

describe('a project CMakeLists.txt', () => {
  it.each([
    [cmakeLists(), 'v1', 'sample'],
    ['include( "$ENV{IDF_PATH}/tools/cmake/project.cmake" )\nPROJECT("quoted")', 'v1', 'quoted'],
    ['include($ENV{IDF_PATH}/tools/cmakev2/idf.cmake)\nproject(two C CXX ASM)\nidf_project_default()', 'v2', 'two'],
    ['# include($ENV{IDF_PATH}/tools/cmake/project.cmake)\nproject(x)', undefined, 'x'],
    ['include($ENV{IDF_PATH}/tools/cmake/project.cmake)\nproject(${ProjectId})', 'v1', undefined],
  ])('is recognised (%#)', (text, system, name) => {
    expect(idfBuildSystem(parseCmake(text))).toBe(system);
    expect(projectNameOf(parseCmake(text))).toBe(name);
  });

  it('names the files of defaults, before the environment does', () => {
    const cmake = parseCmake(
      cmakeLists('set(SDKCONFIG_DEFAULTS "sdkconfig.defaults;${CMAKE_SOURCE_DIR}/cfg/ota" /abs/x)\n'),
    );
    expect(listVariable(cmake, 'SDKCONFIG_DEFAULTS')).toEqual(['sdkconfig.defaults', 'cfg/ota', '/abs/x']);
    expect(defaultsCandidates('/p', { cmake, environment: 'other' })).toEqual([
      { path: '/p/sdkconfig.defaults', isRequired: false },
      { path: '/p/cfg/ota', isRequired: true },
      { path: '/abs/x', isRequired: true },
    ]);
    expect(defaultsCandidates('/p', { cmake: parseCmake(cmakeLists()), environment: 'a;b' })).toEqual([
      { path: '/p/a', isRequired: true },
      { path: '/p/b', isRequired: true },
    ]);
    expect(defaultsCandidates('/p', { lastBuild: ['/p/from-build'] })).toEqual([
      { path: '/p/from-build', isRequired: false },
    ]);
    expect(defaultsCandidates('/p', {})).toEqual([{ path: '/p/sdkconfig.defaults', isRequired: false }]);
  });

  it('of a component lists what is embedded, with its path where that can be known', () => {
    const file = parseCmake(
      'idf_build_get_property(root PROJECT_DIR)\nidf_component_register(SRCS a.c EMBED_TXTFILES ${root}/server_certs/ca_cert.pem "own.pem"\n EMBED_FILES ${CMAKE_CURRENT_LIST_DIR}/logo.bin ${unknown}/x REQUIRES nvs_flash)\n' +
        'target_add_binary_data(${COMPONENT_TARGET} "../more.pem" TEXT)',
    );
    expect(embeddedFiles(file, '/p/main', '/p')).toEqual([
      { path: '/p/server_certs/ca_cert.pem', text: '${root}/server_certs/ca_cert.pem', isText: true, line: 2 },
      { path: '/p/main/own.pem', text: 'own.pem', isText: true, line: 2 },
      { path: '/p/main/logo.bin', text: '${CMAKE_CURRENT_LIST_DIR}/logo.bin', isText: false, line: 3 },
      { text: '${unknown}/x', isText: false, line: 3 },
      { path: '/p/more.pem', text: '../more.pem', isText: true, line: 4 },
    ]);
  });
});
