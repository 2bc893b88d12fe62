import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { demangle } from '../../../src/monitor/elf/demangle.ts';

/** As GNU c++filt prints them, with the short names of the standard library (as addr2line prints those). */
const NAMES: readonly (readonly [mangled: string, text: string])[] = [
  ['_ZN6shapes5Shape4areaERKNS_5PointE', 'shapes::Shape::area(shapes::Point const&)'],
  ['_ZNK6shapes5Shape4areaEi', 'shapes::Shape::area(int) const'],
  ['_ZN6shapes5ShapepLERKS0_', 'shapes::Shape::operator+=(shapes::Shape const&)'],
  ['_ZN6shapes6scaledIiLi3EEET_S1_PKNS_5ShapeE', 'int shapes::scaled<int, 3>(int, shapes::Shape const*)'],
  [
    '_ZN6shapes12_GLOBAL__N_16hiddenEPVim.constprop.0',
    'shapes::(anonymous namespace)::hidden(int volatile*, unsigned long) [clone .constprop.0]',
  ],
  ['_ZN3AppC2Ev', 'App::App()'],
  ['_ZN3AppD0Ev', 'App::~App()'],
  ['_ZN3AppcvbEv', 'App::operator bool()'],
  ['_ZN3App4loopEPFvPviES0_', 'App::loop(void (*)(void*, int), void*)'],
  ['_Z7connectPKcA4_jRA8_f', 'connect(char const*, unsigned int [4], float (&) [8])'],
  ['_ZN3AppnwEj', 'App::operator new(unsigned int)'],
  ['_ZThn8_N3App3runEv', 'non-virtual thunk to App::run()'],
  ['_ZTV3App', 'vtable for App'],
  ['_ZGVZ4mainE3app', 'guard variable for main::app'],
  ['_ZZ8app_mainvENKUliE_clEi', 'app_main()::{lambda(int)#1}::operator()(int) const'],
  [
    '_ZZZ8app_mainvENKUlvE_clEvENKUlcE0_clEc',
    'app_main()::{lambda()#1}::operator()() const::{lambda(char)#2}::operator()(char) const',
  ],
  ['_ZNSt6vectorIiSaIiEE9push_backERKi', 'std::vector<int, std::allocator<int> >::push_back(int const&)'],
  ['_ZSt4moveIR3AppEONSt16remove_referenceIT_E4typeEOS3_', 'std::remove_reference<App&>::type&& std::move<App&>(App&)'],
  [
    '_ZN4node7FPrintFIJPKcmmS2_EEEvP8_IO_FILES2_DpOT_',
    'void node::FPrintF<char const*, unsigned long, unsigned long, char const*>(_IO_FILE*, char const*, char const*&&, unsigned long&&, unsigned long&&, char const*&&)',
  ],
  ['_ZNKSt8functionIFviEEclEi', 'std::function<void (int)>::operator()(int) const'],
  ['_ZN3App4nameB5cxx11Ev', 'App::name[abi:cxx11]()'],
  ['_ZN3App4sendEM6SocketKFiPKvjES2_', 'App::send(int (Socket::*)(void const*, unsigned int) const, void const*)'],
  ['_Zli2_mPKc', 'operator"" _m(char const*)'],
  ['_Z3fooILb1ELj7EEvv', 'void foo<true, 7u>()'],
  ['_ZN5ClassIJEE4callEv', 'Class<>::call()'],
  ['_Z1fILin4EEvDn', 'void f<-4>(decltype(nullptr))'],
  ['_ZNVK3App3getEv', 'App::get() const volatile'],
  ['_ZNO3App4takeEv', 'App::take() &&'],
  ['_ZN9__gnu_cxx17__normal_iteratorIPcSsEppEv', '__gnu_cxx::__normal_iterator<char*, std::string>::operator++()'],
  [
    '_ZStlsISt11char_traitsIcEERSt13basic_ostreamIcT_ES5_PKc',
    'std::basic_ostream<char, std::char_traits<char> >& std::operator<< <std::char_traits<char> >(std::basic_ostream<char, std::char_traits<char> >&, char const*)',
  ],
  ['_ZN3App5startEv.isra.0.part.1.cold', 'App::start() [clone .isra.0] [clone .part.1] [clone .cold]'],
];

describe('a C++ name', () => {
  it.each(NAMES)('%s', (mangled, text) => {
    expect(demangle(mangled)).toBe(text);
  });

  it.each(['app_main', '', '_Z', '_Z3fo', '_ZN3App', '_Z1fIXadL_Z1gvEEEvv', '_ZTIPKDf', '_Z1fT_', '_Z1fS9_'])(
    'that is none, or has expressions, is left alone: "%s"',
    (text) => {
      expect(demangle(text)).toBeUndefined();
    },
  );

  it('of any characters is a text of bounded length or nothing, soon', () => {
    const letters = fc.string({ unit: fc.constantFrom(...Array.from('NESTIJDpPRKAFMLZ_0123iv')), maxLength: 60 });
    const changed = fc.tuple(fc.constantFrom(...NAMES), fc.nat(60), letters).map(([[name], at, text]) => {
      return name.slice(0, at) + text + name.slice(at);
    });
    fc.assert(
      fc.property(
        fc.oneof(
          letters.map((text) => `_Z${text}`),
          changed,
        ),
        (text) => {
          expect((demangle(text) ?? '').length).toBeLessThan(20_000);
        },
      ),
    );
  });

  it('that doubles itself again and again is given up', () => {
    const doubled = Array.from({ length: 40 }, (_, at) => `S${at === 0 ? '' : (at - 1).toString(36).toUpperCase()}_`);
    const name = `_Z1fFvPvS_E${doubled.map((one) => `Fv${one}${one}E`).join('')}`;
    expect((demangle(name) ?? '').length).toBeLessThan(20_000);
  });
});
