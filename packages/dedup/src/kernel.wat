;; The inner loops of MinHash over UTF-8 text, where JavaScript has no 64-bit integers.
;; kernel-bytes.ts holds this module assembled (scripts/assemble-kernel.mjs); kernel.test.ts compares it with BigInt arithmetic.
;;
;; Memory, in bytes:  0 .. 8191     block of up to 1024 shingle hashes (u64)
;;                    8192 .. 8511  SHA-1 message schedule (80 words)
;;                    8576 .. 8703  SHA-1 padded tail (one or two 64-byte chunks)
;;                    16384 ..      permutations a, permutations b, minima (u64 each), then the text
;;
;; Text is words separated by single spaces, so that a shingle of n words is one range of bytes.
(module
  (memory (export "memory") 1)

  (global $shingleStart (mut i32) (i32.const 0)) ;; first byte of the shingle's first word
  (global $shingleEnd (mut i32) (i32.const 0)) ;; one past the last byte of its last word
  (global $textEnd (mut i32) (i32.const 0))
  (global $more (mut i32) (i32.const 0)) ;; 1 while a shingle is left

  ;; ---- xxHash64, seed 0 (specification: xxhash.com, "XXH64 algorithm description") ----

  (func $round64 (param $lane i64) (param $input i64) (result i64)
    (i64.mul
      (i64.rotl
        (i64.add (local.get $lane) (i64.mul (local.get $input) (i64.const 0xC2B2AE3D27D4EB4F)))
        (i64.const 31))
      (i64.const 0x9E3779B185EBCA87)))

  (func $merge64 (param $hash i64) (param $lane i64) (result i64)
    (i64.add
      (i64.mul
        (i64.xor (local.get $hash) (call $round64 (i64.const 0) (local.get $lane)))
        (i64.const 0x9E3779B185EBCA87))
      (i64.const 0x85EBCA77C2B2AE63)))

  (func $xxh64 (export "xxh64") (param $at i32) (param $end i32) (result i64)
    (local $hash i64) (local $length i64)
    (local $v1 i64) (local $v2 i64) (local $v3 i64) (local $v4 i64)
    (local.set $length (i64.extend_i32_u (i32.sub (local.get $end) (local.get $at))))
    (local.set $hash (i64.const 0x27D4EB2F165667C5))
    (if (i64.ge_u (local.get $length) (i64.const 32))
      (then
        (local.set $v1 (i64.add (i64.const 0x9E3779B185EBCA87) (i64.const 0xC2B2AE3D27D4EB4F)))
        (local.set $v2 (i64.const 0xC2B2AE3D27D4EB4F))
        (local.set $v4 (i64.sub (i64.const 0) (i64.const 0x9E3779B185EBCA87)))
        (loop $stripes
          (local.set $v1 (call $round64 (local.get $v1) (i64.load (local.get $at))))
          (local.set $v2 (call $round64 (local.get $v2) (i64.load offset=8 (local.get $at))))
          (local.set $v3 (call $round64 (local.get $v3) (i64.load offset=16 (local.get $at))))
          (local.set $v4 (call $round64 (local.get $v4) (i64.load offset=24 (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (br_if $stripes (i32.ge_u (i32.sub (local.get $end) (local.get $at)) (i32.const 32))))
        (local.set $hash
          (i64.add
            (i64.add (i64.rotl (local.get $v1) (i64.const 1)) (i64.rotl (local.get $v2) (i64.const 7)))
            (i64.add (i64.rotl (local.get $v3) (i64.const 12)) (i64.rotl (local.get $v4) (i64.const 18)))))
        (local.set $hash (call $merge64 (local.get $hash) (local.get $v1)))
        (local.set $hash (call $merge64 (local.get $hash) (local.get $v2)))
        (local.set $hash (call $merge64 (local.get $hash) (local.get $v3)))
        (local.set $hash (call $merge64 (local.get $hash) (local.get $v4)))))
    (local.set $hash (i64.add (local.get $hash) (local.get $length)))
    (block $noWords
      (loop $words
        (br_if $noWords (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 8)))
        (local.set $hash (i64.xor (local.get $hash) (call $round64 (i64.const 0) (i64.load (local.get $at)))))
        (local.set $hash
          (i64.add
            (i64.mul (i64.rotl (local.get $hash) (i64.const 27)) (i64.const 0x9E3779B185EBCA87))
            (i64.const 0x85EBCA77C2B2AE63)))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $words)))
    (if (i32.ge_u (i32.sub (local.get $end) (local.get $at)) (i32.const 4))
      (then
        (local.set $hash
          (i64.xor (local.get $hash) (i64.mul (i64.load32_u (local.get $at)) (i64.const 0x9E3779B185EBCA87))))
        (local.set $hash
          (i64.add
            (i64.mul (i64.rotl (local.get $hash) (i64.const 23)) (i64.const 0xC2B2AE3D27D4EB4F))
            (i64.const 0x165667B19E3779F9)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))))
    (block $noBytes
      (loop $bytes
        (br_if $noBytes (i32.eq (local.get $at) (local.get $end)))
        (local.set $hash
          (i64.xor (local.get $hash) (i64.mul (i64.load8_u (local.get $at)) (i64.const 0x27D4EB2F165667C5))))
        (local.set $hash
          (i64.mul (i64.rotl (local.get $hash) (i64.const 11)) (i64.const 0x9E3779B185EBCA87)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes)))
    (local.set $hash
      (i64.mul
        (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 33)))
        (i64.const 0xC2B2AE3D27D4EB4F)))
    (local.set $hash
      (i64.mul
        (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 29)))
        (i64.const 0x165667B19E3779F9)))
    (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32))))

  ;; ---- xxHash32, seed 0 ----

  (func $round32 (param $lane i32) (param $input i32) (result i32)
    (i32.mul
      (i32.rotl
        (i32.add (local.get $lane) (i32.mul (local.get $input) (i32.const 0x85EBCA77)))
        (i32.const 13))
      (i32.const 0x9E3779B1)))

  (func $xxh32 (export "xxh32") (param $at i32) (param $end i32) (result i64)
    (local $hash i32) (local $length i32)
    (local $v1 i32) (local $v2 i32) (local $v3 i32) (local $v4 i32)
    (local.set $length (i32.sub (local.get $end) (local.get $at)))
    (local.set $hash (i32.const 0x165667B1))
    (if (i32.ge_u (local.get $length) (i32.const 16))
      (then
        (local.set $v1 (i32.add (i32.const 0x9E3779B1) (i32.const 0x85EBCA77)))
        (local.set $v2 (i32.const 0x85EBCA77))
        (local.set $v4 (i32.sub (i32.const 0) (i32.const 0x9E3779B1)))
        (loop $stripes
          (local.set $v1 (call $round32 (local.get $v1) (i32.load (local.get $at))))
          (local.set $v2 (call $round32 (local.get $v2) (i32.load offset=4 (local.get $at))))
          (local.set $v3 (call $round32 (local.get $v3) (i32.load offset=8 (local.get $at))))
          (local.set $v4 (call $round32 (local.get $v4) (i32.load offset=12 (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br_if $stripes (i32.ge_u (i32.sub (local.get $end) (local.get $at)) (i32.const 16))))
        (local.set $hash
          (i32.add
            (i32.add (i32.rotl (local.get $v1) (i32.const 1)) (i32.rotl (local.get $v2) (i32.const 7)))
            (i32.add (i32.rotl (local.get $v3) (i32.const 12)) (i32.rotl (local.get $v4) (i32.const 18)))))))
    (local.set $hash (i32.add (local.get $hash) (local.get $length)))
    (block $noWords
      (loop $words
        (br_if $noWords (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 4)))
        (local.set $hash
          (i32.mul
            (i32.rotl
              (i32.add (local.get $hash) (i32.mul (i32.load (local.get $at)) (i32.const 0xC2B2AE3D)))
              (i32.const 17))
            (i32.const 0x27D4EB2F)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $words)))
    (block $noBytes
      (loop $bytes
        (br_if $noBytes (i32.eq (local.get $at) (local.get $end)))
        (local.set $hash
          (i32.mul
            (i32.rotl
              (i32.add (local.get $hash) (i32.mul (i32.load8_u (local.get $at)) (i32.const 0x165667B1)))
              (i32.const 11))
            (i32.const 0x9E3779B1)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes)))
    (local.set $hash
      (i32.mul
        (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 15)))
        (i32.const 0x85EBCA77)))
    (local.set $hash
      (i32.mul
        (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 13)))
        (i32.const 0xC2B2AE3D)))
    (i64.extend_i32_u (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 16)))))

  ;; ---- SHA-1 (FIPS 180-4), of which only the first eight digest bytes are needed ----

  (global $h0 (mut i32) (i32.const 0))
  (global $h1 (mut i32) (i32.const 0))
  (global $h2 (mut i32) (i32.const 0))
  (global $h3 (mut i32) (i32.const 0))
  (global $h4 (mut i32) (i32.const 0))

  ;; Big-endian word from little-endian and back.
  (func $swap32 (param $word i32) (result i32)
    (i32.or
      (i32.and (i32.rotl (local.get $word) (i32.const 8)) (i32.const 0x00FF00FF))
      (i32.and (i32.rotr (local.get $word) (i32.const 8)) (i32.const 0xFF00FF00))))

  (func $sha1Chunk (param $at i32)
    (local $t i32) (local $w i32) (local $f i32) (local $next i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32) (local $e i32)
    (local.set $a (global.get $h0))
    (local.set $b (global.get $h1))
    (local.set $c (global.get $h2))
    (local.set $d (global.get $h3))
    (local.set $e (global.get $h4))
    (loop $rounds ;; $t counts bytes of the schedule: 0, 4, … 316
      (if (i32.lt_u (local.get $t) (i32.const 64))
        (then (local.set $w (call $swap32 (i32.load (i32.add (local.get $at) (local.get $t))))))
        (else
          (local.set $w
            (i32.rotl
              (i32.xor
                (i32.xor
                  (i32.load offset=8180 (local.get $t)) ;; W[t-3]
                  (i32.load offset=8160 (local.get $t))) ;; W[t-8]
                (i32.xor
                  (i32.load offset=8136 (local.get $t)) ;; W[t-14]
                  (i32.load offset=8128 (local.get $t)))) ;; W[t-16]
              (i32.const 1)))))
      (i32.store offset=8192 (local.get $t) (local.get $w))
      (if (i32.lt_u (local.get $t) (i32.const 80))
        (then
          (local.set $f
            (i32.add
              (i32.xor (local.get $d) (i32.and (local.get $b) (i32.xor (local.get $c) (local.get $d))))
              (i32.const 0x5A827999))))
        (else (if (i32.and (i32.ge_u (local.get $t) (i32.const 160)) (i32.lt_u (local.get $t) (i32.const 240)))
          (then
            (local.set $f
              (i32.add
                (i32.or
                  (i32.and (local.get $b) (local.get $c))
                  (i32.and (local.get $d) (i32.or (local.get $b) (local.get $c))))
                (i32.const 0x8F1BBCDC))))
          (else
            (local.set $f
              (i32.add
                (i32.xor (i32.xor (local.get $b) (local.get $c)) (local.get $d))
                (select (i32.const 0x6ED9EBA1) (i32.const 0xCA62C1D6) (i32.lt_u (local.get $t) (i32.const 160)))))))))
      (local.set $next
        (i32.add
          (i32.add (i32.rotl (local.get $a) (i32.const 5)) (local.get $f))
          (i32.add (local.get $e) (local.get $w))))
      (local.set $e (local.get $d))
      (local.set $d (local.get $c))
      (local.set $c (i32.rotl (local.get $b) (i32.const 30)))
      (local.set $b (local.get $a))
      (local.set $a (local.get $next))
      (br_if $rounds (i32.lt_u (local.tee $t (i32.add (local.get $t) (i32.const 4))) (i32.const 320))))
    (global.set $h0 (i32.add (global.get $h0) (local.get $a)))
    (global.set $h1 (i32.add (global.get $h1) (local.get $b)))
    (global.set $h2 (i32.add (global.get $h2) (local.get $c)))
    (global.set $h3 (i32.add (global.get $h3) (local.get $d)))
    (global.set $h4 (i32.add (global.get $h4) (local.get $e))))

  (func $sha1 (export "sha1") (param $at i32) (param $end i32) (result i64)
    (local $length i32) (local $tail i32) (local $padded i32)
    (local.set $length (i32.sub (local.get $end) (local.get $at)))
    (global.set $h0 (i32.const 0x67452301))
    (global.set $h1 (i32.const 0xEFCDAB89))
    (global.set $h2 (i32.const 0x98BADCFE))
    (global.set $h3 (i32.const 0x10325476))
    (global.set $h4 (i32.const 0xC3D2E1F0))
    (block $noChunks
      (loop $chunks
        (br_if $noChunks (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 64)))
        (call $sha1Chunk (local.get $at))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $chunks)))
    ;; Tail: the rest of the message, 0x80, zeros, and the length in bits as 64 big-endian bits.
    (local.set $tail (i32.sub (local.get $end) (local.get $at)))
    (local.set $padded (select (i32.const 64) (i32.const 128) (i32.lt_u (local.get $tail) (i32.const 56))))
    (memory.fill (i32.const 8576) (i32.const 0) (i32.const 128))
    (memory.copy (i32.const 8576) (local.get $at) (local.get $tail))
    (i32.store8 offset=8576 (local.get $tail) (i32.const 0x80))
    (i32.store offset=8568 (local.get $padded) (call $swap32 (i32.shr_u (local.get $length) (i32.const 29))))
    (i32.store offset=8572 (local.get $padded) (call $swap32 (i32.shl (local.get $length) (i32.const 3))))
    (call $sha1Chunk (i32.const 8576))
    (if (i32.eq (local.get $padded) (i32.const 128)) (then (call $sha1Chunk (i32.const 8640))))
    ;; The first eight digest bytes, read little-endian.
    (i64.or
      (i64.extend_i32_u (call $swap32 (global.get $h0)))
      (i64.shl (i64.extend_i32_u (call $swap32 (global.get $h1))) (i64.const 32))))

  ;; ---- Shingles ----

  ;; Hash number: 0 xxh64, 1 xxh32, 2 sha1-64, 3 sha1-32.
  (func $hash (export "hash") (param $kind i32) (param $at i32) (param $end i32) (result i64)
    (if (i32.eqz (local.get $kind))
      (then (return (call $xxh64 (local.get $at) (local.get $end)))))
    (if (i32.eq (local.get $kind) (i32.const 1))
      (then (return (call $xxh32 (local.get $at) (local.get $end)))))
    (if (i32.eq (local.get $kind) (i32.const 2))
      (then (return (call $sha1 (local.get $at) (local.get $end)))))
    (i64.and (call $sha1 (local.get $at) (local.get $end)) (i64.const 0xFFFFFFFF)))

  ;; One past the last byte of the word that starts at $at.
  (func $wordEnd (param $at i32) (result i32)
    (block $found
      (loop $bytes
        (br_if $found (i32.ge_u (local.get $at) (global.get $textEnd)))
        (br_if $found (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x20)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes)))
    (local.get $at))

  ;; Puts the window over the first $words words of the text.
  (func (export "begin") (param $textStart i32) (param $textEnd i32) (param $words i32)
    (global.set $textEnd (local.get $textEnd))
    (global.set $shingleStart (local.get $textStart))
    (global.set $shingleEnd (call $wordEnd (local.get $textStart)))
    (global.set $more (i32.lt_u (local.get $textStart) (local.get $textEnd)))
    (loop $next
      (local.set $words (i32.sub (local.get $words) (i32.const 1)))
      (if (i32.and (i32.ne (local.get $words) (i32.const 0)) (global.get $more))
        (then
          (global.set $more (i32.lt_u (global.get $shingleEnd) (local.get $textEnd)))
          (global.set $shingleEnd (call $wordEnd (i32.add (global.get $shingleEnd) (i32.const 1))))
          (br $next)))))

  ;; Fills the block with the hashes of the next shingles; gives how many there are, 0 at the end.
  (func (export "next") (param $kind i32) (result i32)
    (local $at i32)
    (block $stop
      (loop $shingles
        (br_if $stop (i32.eqz (global.get $more)))
        (br_if $stop (i32.eq (local.get $at) (i32.const 8192)))
        (i64.store (local.get $at)
          (call $hash (local.get $kind) (global.get $shingleStart) (global.get $shingleEnd)))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (global.set $more (i32.lt_u (global.get $shingleEnd) (global.get $textEnd)))
        (global.set $shingleEnd (call $wordEnd (i32.add (global.get $shingleEnd) (i32.const 1))))
        (global.set $shingleStart (i32.add (call $wordEnd (global.get $shingleStart)) (i32.const 1)))
        (br $shingles)))
    (i32.shr_u (local.get $at) (i32.const 3)))

  ;; ---- Permutations: minimum over the block of ((s * a + b) mod 2^64) mod (2^61 - 1), masked ----

  (func (export "fold") (param $count i32) (param $table i32) (param $permutations i32) (param $mask i64)
    (local $a i64) (local $b i64) (local $minimum i64) (local $x i64)
    (local $at i32) (local $blockEnd i32) (local $stride i32) (local $tableEnd i32)
    (local.set $blockEnd (i32.shl (local.get $count) (i32.const 3)))
    (local.set $stride (i32.shl (local.get $permutations) (i32.const 3)))
    (local.set $tableEnd (i32.add (local.get $table) (local.get $stride)))
    (loop $perPermutation
      (local.set $a (i64.load (local.get $table)))
      (local.set $b (i64.load (i32.add (local.get $table) (local.get $stride))))
      (local.set $minimum (i64.load (i32.add (local.get $table) (i32.shl (local.get $stride) (i32.const 1)))))
      (local.set $at (i32.const 0))
      (loop $perShingle
        (local.set $x (i64.add (i64.mul (i64.load (local.get $at)) (local.get $a)) (local.get $b)))
        ;; x mod (2^61 - 1): fold the top three bits, then subtract at most once. That is hardly ever needed, so that a
        ;; branch, always predicted, is faster than a select (0.75 against 0.91 ns per pair).
        (local.set $x
          (i64.add
            (i64.and (local.get $x) (i64.const 0x1FFFFFFFFFFFFFFF))
            (i64.shr_u (local.get $x) (i64.const 61))))
        (if (i64.ge_u (local.get $x) (i64.const 0x1FFFFFFFFFFFFFFF))
          (then (local.set $x (i64.sub (local.get $x) (i64.const 0x1FFFFFFFFFFFFFFF)))))
        (local.set $x (i64.and (local.get $x) (local.get $mask)))
        (local.set $minimum
          (select (local.get $x) (local.get $minimum) (i64.lt_u (local.get $x) (local.get $minimum))))
        (br_if $perShingle
          (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $blockEnd))))
      (i64.store (i32.add (local.get $table) (i32.shl (local.get $stride) (i32.const 1))) (local.get $minimum))
      (br_if $perPermutation
        (i32.lt_u (local.tee $table (i32.add (local.get $table) (i32.const 8))) (local.get $tableEnd))))))
