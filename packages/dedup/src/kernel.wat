;; The inner loops of MinHash over UTF-8 text, where JavaScript has no 64-bit integers.
;; kernel-bytes.ts holds this module assembled (scripts/assemble-kernel.mjs); kernel.test.ts compares it with BigInt arithmetic.
;;
;; Memory, in bytes:  0 .. 8191     block of up to 1024 shingle hashes (u64)
;;                    8192 .. 8511  SHA-1 message schedule (80 words)
;;                    8576 .. 8703  SHA-1 padded tail (one or two 64-byte chunks)
;;                    8704 .. 9983  SHA-1 message schedules of four messages side by side (80 words of four lanes)
;;                    9984 .. 10031 messages that wait for this: start, length, where the hash goes (u32 each)
;;                    16384 .. 33791 where the table of each 256 characters begins (u32), 0 if it is not there
;;                    33792 ..      permutations a, permutations b, minima (u64 each), then tables of characters, then the text
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

  ;; ---- SHA-1 of four short messages at once, one in each lane ----

  (global $waiting (mut i32) (i32.const 0)) ;; bytes of the list of messages: 12 for each
  (global $hashMask (mut i64) (i64.const -1))

  ;; Sixteen bytes of a padded message, which is the message, 0x80 and zeros, as big-endian words.
  (func $paddedBytes (param $message i32) (param $offset i32) (result v128)
    (local $rest v128) (local $bytes v128)
    (local.set $rest (i8x16.splat (i32.sub (i32.load offset=9988 (local.get $message)) (local.get $offset))))
    (local.set $bytes
      (v128.or
        (v128.and
          (v128.load (i32.add (i32.load offset=9984 (local.get $message)) (local.get $offset)))
          (i8x16.lt_s (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15) (local.get $rest)))
        (v128.and
          (i8x16.eq (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15) (local.get $rest))
          (i8x16.splat (i32.const 0x80)))))
    (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12 (local.get $bytes) (local.get $bytes)))

  ;; Four words of all four messages, from byte $offset on: rows to columns.
  (func $loadWords (param $offset i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $abLow v128) (local $abHigh v128) (local $cdLow v128) (local $cdHigh v128) (local $at i32)
    (local.set $a (call $paddedBytes (i32.const 0) (local.get $offset)))
    (local.set $b (call $paddedBytes (i32.const 12) (local.get $offset)))
    (local.set $c (call $paddedBytes (i32.const 24) (local.get $offset)))
    (local.set $d (call $paddedBytes (i32.const 36) (local.get $offset)))
    (local.set $abLow (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b)))
    (local.set $abHigh (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b)))
    (local.set $cdLow (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d)))
    (local.set $cdHigh (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d)))
    (local.set $at (i32.shl (local.get $offset) (i32.const 2)))
    (v128.store offset=8704 (local.get $at)
      (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $abLow) (local.get $cdLow)))
    (v128.store offset=8720 (local.get $at)
      (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $abLow) (local.get $cdLow)))
    (v128.store offset=8736 (local.get $at)
      (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $abHigh) (local.get $cdHigh)))
    (v128.store offset=8752 (local.get $at)
      (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $abHigh) (local.get $cdHigh))))

  ;; The message schedules of the four messages.
  (func $scheduleFour
    (local $t i32) (local $w v128)
    (call $loadWords (i32.const 0))
    (call $loadWords (i32.const 16))
    (call $loadWords (i32.const 32))
    (call $loadWords (i32.const 48))
    ;; The last word is the length in bits.
    (v128.store offset=8944 (i32.const 0)
      (i32x4.shl
        (i32x4.replace_lane 3
          (i32x4.replace_lane 2
            (i32x4.replace_lane 1
              (i32x4.splat (i32.load offset=9988 (i32.const 0)))
              (i32.load offset=9988 (i32.const 12)))
            (i32.load offset=9988 (i32.const 24)))
          (i32.load offset=9988 (i32.const 36)))
        (i32.const 3)))
    (local.set $t (i32.const 256)) ;; counts bytes of the schedule: 256, 272, … 1264
    (loop $words
      (local.set $w
        (v128.xor
          (v128.xor (v128.load offset=8656 (local.get $t)) (v128.load offset=8576 (local.get $t))) ;; W[t-3], W[t-8]
          (v128.xor (v128.load offset=8480 (local.get $t)) (v128.load offset=8448 (local.get $t))))) ;; W[t-14], W[t-16]
      (v128.store offset=8704 (local.get $t)
        (v128.or (i32x4.shl (local.get $w) (i32.const 1)) (i32x4.shr_u (local.get $w) (i32.const 31))))
      (br_if $words (i32.lt_u (local.tee $t (i32.add (local.get $t) (i32.const 16))) (i32.const 1280)))))

  ;; Hashes the four messages that wait and writes the first eight bytes of each digest, read little-endian, to its place.
  (func $sha1Four
    (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $e v128)
    (local $t i32) (local $first v128) (local $second v128)
    (call $scheduleFour)
    (local.set $a (i32x4.splat (i32.const 0x67452301)))
    (local.set $b (i32x4.splat (i32.const 0xEFCDAB89)))
    (local.set $c (i32x4.splat (i32.const 0x98BADCFE)))
    (local.set $d (i32x4.splat (i32.const 0x10325476)))
    (local.set $e (i32x4.splat (i32.const 0xC3D2E1F0)))
    ;; choose
    (loop $rounds0 ;; five rounds, so that no value has to move from name to name
      (local.set $e
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $e) (v128.bitselect (local.get $c) (local.get $d) (local.get $b)))
            (i32x4.add (v128.load offset=8704 (local.get $t)) (i32x4.splat (i32.const 0x5A827999))))
          (v128.or (i32x4.shl (local.get $a) (i32.const 5)) (i32x4.shr_u (local.get $a) (i32.const 27)))))
      (local.set $b
        (v128.or (i32x4.shl (local.get $b) (i32.const 30)) (i32x4.shr_u (local.get $b) (i32.const 2))))
      (local.set $d
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $d) (v128.bitselect (local.get $b) (local.get $c) (local.get $a)))
            (i32x4.add (v128.load offset=8720 (local.get $t)) (i32x4.splat (i32.const 0x5A827999))))
          (v128.or (i32x4.shl (local.get $e) (i32.const 5)) (i32x4.shr_u (local.get $e) (i32.const 27)))))
      (local.set $a
        (v128.or (i32x4.shl (local.get $a) (i32.const 30)) (i32x4.shr_u (local.get $a) (i32.const 2))))
      (local.set $c
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $c) (v128.bitselect (local.get $a) (local.get $b) (local.get $e)))
            (i32x4.add (v128.load offset=8736 (local.get $t)) (i32x4.splat (i32.const 0x5A827999))))
          (v128.or (i32x4.shl (local.get $d) (i32.const 5)) (i32x4.shr_u (local.get $d) (i32.const 27)))))
      (local.set $e
        (v128.or (i32x4.shl (local.get $e) (i32.const 30)) (i32x4.shr_u (local.get $e) (i32.const 2))))
      (local.set $b
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $b) (v128.bitselect (local.get $e) (local.get $a) (local.get $d)))
            (i32x4.add (v128.load offset=8752 (local.get $t)) (i32x4.splat (i32.const 0x5A827999))))
          (v128.or (i32x4.shl (local.get $c) (i32.const 5)) (i32x4.shr_u (local.get $c) (i32.const 27)))))
      (local.set $d
        (v128.or (i32x4.shl (local.get $d) (i32.const 30)) (i32x4.shr_u (local.get $d) (i32.const 2))))
      (local.set $a
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $a) (v128.bitselect (local.get $d) (local.get $e) (local.get $c)))
            (i32x4.add (v128.load offset=8768 (local.get $t)) (i32x4.splat (i32.const 0x5A827999))))
          (v128.or (i32x4.shl (local.get $b) (i32.const 5)) (i32x4.shr_u (local.get $b) (i32.const 27)))))
      (local.set $c
        (v128.or (i32x4.shl (local.get $c) (i32.const 30)) (i32x4.shr_u (local.get $c) (i32.const 2))))
      (br_if $rounds0 (i32.lt_u (local.tee $t (i32.add (local.get $t) (i32.const 80))) (i32.const 320))))
    ;; parity
    (loop $rounds1 ;; five rounds, so that no value has to move from name to name
      (local.set $e
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $e) (v128.xor (v128.xor (local.get $b) (local.get $c)) (local.get $d)))
            (i32x4.add (v128.load offset=8704 (local.get $t)) (i32x4.splat (i32.const 0x6ED9EBA1))))
          (v128.or (i32x4.shl (local.get $a) (i32.const 5)) (i32x4.shr_u (local.get $a) (i32.const 27)))))
      (local.set $b
        (v128.or (i32x4.shl (local.get $b) (i32.const 30)) (i32x4.shr_u (local.get $b) (i32.const 2))))
      (local.set $d
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $d) (v128.xor (v128.xor (local.get $a) (local.get $b)) (local.get $c)))
            (i32x4.add (v128.load offset=8720 (local.get $t)) (i32x4.splat (i32.const 0x6ED9EBA1))))
          (v128.or (i32x4.shl (local.get $e) (i32.const 5)) (i32x4.shr_u (local.get $e) (i32.const 27)))))
      (local.set $a
        (v128.or (i32x4.shl (local.get $a) (i32.const 30)) (i32x4.shr_u (local.get $a) (i32.const 2))))
      (local.set $c
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $c) (v128.xor (v128.xor (local.get $e) (local.get $a)) (local.get $b)))
            (i32x4.add (v128.load offset=8736 (local.get $t)) (i32x4.splat (i32.const 0x6ED9EBA1))))
          (v128.or (i32x4.shl (local.get $d) (i32.const 5)) (i32x4.shr_u (local.get $d) (i32.const 27)))))
      (local.set $e
        (v128.or (i32x4.shl (local.get $e) (i32.const 30)) (i32x4.shr_u (local.get $e) (i32.const 2))))
      (local.set $b
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $b) (v128.xor (v128.xor (local.get $d) (local.get $e)) (local.get $a)))
            (i32x4.add (v128.load offset=8752 (local.get $t)) (i32x4.splat (i32.const 0x6ED9EBA1))))
          (v128.or (i32x4.shl (local.get $c) (i32.const 5)) (i32x4.shr_u (local.get $c) (i32.const 27)))))
      (local.set $d
        (v128.or (i32x4.shl (local.get $d) (i32.const 30)) (i32x4.shr_u (local.get $d) (i32.const 2))))
      (local.set $a
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $a) (v128.xor (v128.xor (local.get $c) (local.get $d)) (local.get $e)))
            (i32x4.add (v128.load offset=8768 (local.get $t)) (i32x4.splat (i32.const 0x6ED9EBA1))))
          (v128.or (i32x4.shl (local.get $b) (i32.const 5)) (i32x4.shr_u (local.get $b) (i32.const 27)))))
      (local.set $c
        (v128.or (i32x4.shl (local.get $c) (i32.const 30)) (i32x4.shr_u (local.get $c) (i32.const 2))))
      (br_if $rounds1 (i32.lt_u (local.tee $t (i32.add (local.get $t) (i32.const 80))) (i32.const 640))))
    ;; majority
    (loop $rounds2 ;; five rounds, so that no value has to move from name to name
      (local.set $e
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $e) (v128.bitselect (local.get $d) (local.get $b) (v128.xor (local.get $b) (local.get $c))))
            (i32x4.add (v128.load offset=8704 (local.get $t)) (i32x4.splat (i32.const 0x8F1BBCDC))))
          (v128.or (i32x4.shl (local.get $a) (i32.const 5)) (i32x4.shr_u (local.get $a) (i32.const 27)))))
      (local.set $b
        (v128.or (i32x4.shl (local.get $b) (i32.const 30)) (i32x4.shr_u (local.get $b) (i32.const 2))))
      (local.set $d
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $d) (v128.bitselect (local.get $c) (local.get $a) (v128.xor (local.get $a) (local.get $b))))
            (i32x4.add (v128.load offset=8720 (local.get $t)) (i32x4.splat (i32.const 0x8F1BBCDC))))
          (v128.or (i32x4.shl (local.get $e) (i32.const 5)) (i32x4.shr_u (local.get $e) (i32.const 27)))))
      (local.set $a
        (v128.or (i32x4.shl (local.get $a) (i32.const 30)) (i32x4.shr_u (local.get $a) (i32.const 2))))
      (local.set $c
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $c) (v128.bitselect (local.get $b) (local.get $e) (v128.xor (local.get $e) (local.get $a))))
            (i32x4.add (v128.load offset=8736 (local.get $t)) (i32x4.splat (i32.const 0x8F1BBCDC))))
          (v128.or (i32x4.shl (local.get $d) (i32.const 5)) (i32x4.shr_u (local.get $d) (i32.const 27)))))
      (local.set $e
        (v128.or (i32x4.shl (local.get $e) (i32.const 30)) (i32x4.shr_u (local.get $e) (i32.const 2))))
      (local.set $b
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $b) (v128.bitselect (local.get $a) (local.get $d) (v128.xor (local.get $d) (local.get $e))))
            (i32x4.add (v128.load offset=8752 (local.get $t)) (i32x4.splat (i32.const 0x8F1BBCDC))))
          (v128.or (i32x4.shl (local.get $c) (i32.const 5)) (i32x4.shr_u (local.get $c) (i32.const 27)))))
      (local.set $d
        (v128.or (i32x4.shl (local.get $d) (i32.const 30)) (i32x4.shr_u (local.get $d) (i32.const 2))))
      (local.set $a
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $a) (v128.bitselect (local.get $e) (local.get $c) (v128.xor (local.get $c) (local.get $d))))
            (i32x4.add (v128.load offset=8768 (local.get $t)) (i32x4.splat (i32.const 0x8F1BBCDC))))
          (v128.or (i32x4.shl (local.get $b) (i32.const 5)) (i32x4.shr_u (local.get $b) (i32.const 27)))))
      (local.set $c
        (v128.or (i32x4.shl (local.get $c) (i32.const 30)) (i32x4.shr_u (local.get $c) (i32.const 2))))
      (br_if $rounds2 (i32.lt_u (local.tee $t (i32.add (local.get $t) (i32.const 80))) (i32.const 960))))
    ;; parity
    (loop $rounds3 ;; five rounds, so that no value has to move from name to name
      (local.set $e
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $e) (v128.xor (v128.xor (local.get $b) (local.get $c)) (local.get $d)))
            (i32x4.add (v128.load offset=8704 (local.get $t)) (i32x4.splat (i32.const 0xCA62C1D6))))
          (v128.or (i32x4.shl (local.get $a) (i32.const 5)) (i32x4.shr_u (local.get $a) (i32.const 27)))))
      (local.set $b
        (v128.or (i32x4.shl (local.get $b) (i32.const 30)) (i32x4.shr_u (local.get $b) (i32.const 2))))
      (local.set $d
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $d) (v128.xor (v128.xor (local.get $a) (local.get $b)) (local.get $c)))
            (i32x4.add (v128.load offset=8720 (local.get $t)) (i32x4.splat (i32.const 0xCA62C1D6))))
          (v128.or (i32x4.shl (local.get $e) (i32.const 5)) (i32x4.shr_u (local.get $e) (i32.const 27)))))
      (local.set $a
        (v128.or (i32x4.shl (local.get $a) (i32.const 30)) (i32x4.shr_u (local.get $a) (i32.const 2))))
      (local.set $c
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $c) (v128.xor (v128.xor (local.get $e) (local.get $a)) (local.get $b)))
            (i32x4.add (v128.load offset=8736 (local.get $t)) (i32x4.splat (i32.const 0xCA62C1D6))))
          (v128.or (i32x4.shl (local.get $d) (i32.const 5)) (i32x4.shr_u (local.get $d) (i32.const 27)))))
      (local.set $e
        (v128.or (i32x4.shl (local.get $e) (i32.const 30)) (i32x4.shr_u (local.get $e) (i32.const 2))))
      (local.set $b
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $b) (v128.xor (v128.xor (local.get $d) (local.get $e)) (local.get $a)))
            (i32x4.add (v128.load offset=8752 (local.get $t)) (i32x4.splat (i32.const 0xCA62C1D6))))
          (v128.or (i32x4.shl (local.get $c) (i32.const 5)) (i32x4.shr_u (local.get $c) (i32.const 27)))))
      (local.set $d
        (v128.or (i32x4.shl (local.get $d) (i32.const 30)) (i32x4.shr_u (local.get $d) (i32.const 2))))
      (local.set $a
        (i32x4.add
          (i32x4.add
            (i32x4.add (local.get $a) (v128.xor (v128.xor (local.get $c) (local.get $d)) (local.get $e)))
            (i32x4.add (v128.load offset=8768 (local.get $t)) (i32x4.splat (i32.const 0xCA62C1D6))))
          (v128.or (i32x4.shl (local.get $b) (i32.const 5)) (i32x4.shr_u (local.get $b) (i32.const 27)))))
      (local.set $c
        (v128.or (i32x4.shl (local.get $c) (i32.const 30)) (i32x4.shr_u (local.get $c) (i32.const 2))))
      (br_if $rounds3 (i32.lt_u (local.tee $t (i32.add (local.get $t) (i32.const 80))) (i32.const 1280))))
    (local.set $first (i32x4.add (local.get $a) (i32x4.splat (i32.const 0x67452301))))
    (local.set $second (i32x4.add (local.get $b) (i32x4.splat (i32.const 0xEFCDAB89))))
    (local.set $first
      (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12 (local.get $first) (local.get $first)))
    (local.set $second
      (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12 (local.get $second) (local.get $second)))
    (local.set $a
      (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $first) (local.get $second)))
    (local.set $b
      (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $first) (local.get $second)))
    (i64.store (i32.load offset=9992 (i32.const 0)) (i64.and (i64x2.extract_lane 0 (local.get $a)) (global.get $hashMask)))
    (i64.store (i32.load offset=9992 (i32.const 12)) (i64.and (i64x2.extract_lane 1 (local.get $a)) (global.get $hashMask)))
    (i64.store (i32.load offset=9992 (i32.const 24)) (i64.and (i64x2.extract_lane 0 (local.get $b)) (global.get $hashMask)))
    (i64.store (i32.load offset=9992 (i32.const 36)) (i64.and (i64x2.extract_lane 1 (local.get $b)) (global.get $hashMask))))

  ;; Hashes what waits, beside copies of the first message where there are fewer than four.
  (func $hashWaiting
    (if (i32.eqz (global.get $waiting)) (then (return)))
    (loop $fill
      (if (i32.lt_u (global.get $waiting) (i32.const 48))
        (then
          (memory.copy (i32.add (global.get $waiting) (i32.const 9984)) (i32.const 9984) (i32.const 12))
          (global.set $waiting (i32.add (global.get $waiting) (i32.const 12)))
          (br $fill))))
    (call $sha1Four)
    (global.set $waiting (i32.const 0)))

  ;; Writes the hash of a message to a place in the block, now or when four have come together.
  (func $sha1To (param $at i32) (param $end i32) (param $target i32)
    (if (i32.gt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 55)) ;; more than one chunk
      (then
        (i64.store (local.get $target)
          (i64.and (call $sha1 (local.get $at) (local.get $end)) (global.get $hashMask)))
        (return)))
    (i32.store offset=9984 (global.get $waiting) (local.get $at))
    (i32.store offset=9988 (global.get $waiting) (i32.sub (local.get $end) (local.get $at)))
    (i32.store offset=9992 (global.get $waiting) (local.get $target))
    (global.set $waiting (i32.add (global.get $waiting) (i32.const 12)))
    (if (i32.eq (global.get $waiting) (i32.const 48)) (then (call $hashWaiting))))

  ;; ---- Normalisation of UTF-8 text by tables that normalization-table.ts makes ----
  ;;
  ;; An entry has 16 bytes: what the character is, how many bytes take its place, and these (14 at most).

  (global $following (mut i32) (i32.const 0)) ;; where the character after the one at hand begins
  (global $missing (mut i32) (i32.const 0)) ;; number of a table that is wanted and not there

  ;; The entry of the character at $at, or 0 where its table is missing.
  (func $entryAt (param $at i32) (result i32)
    (local $byte i32) (local $character i32) (local $table i32) (local $end i32)
    (local.set $byte (i32.load8_u (local.get $at)))
    (local.set $character (local.get $byte))
    (global.set $following (i32.add (local.get $at) (i32.const 1)))
    (if (i32.ge_u (local.get $byte) (i32.const 0xC0))
      (then
        (local.set $end (i32.add (local.get $at) (i32.const 2)))
        (local.set $character (i32.and (local.get $byte) (i32.const 0x1F)))
        (if (i32.ge_u (local.get $byte) (i32.const 0xE0))
          (then
            (local.set $end (i32.add (local.get $at) (i32.const 3)))
            (local.set $character (i32.and (local.get $byte) (i32.const 0x0F)))))
        (if (i32.ge_u (local.get $byte) (i32.const 0xF0))
          (then
            (local.set $end (i32.add (local.get $at) (i32.const 4)))
            (local.set $character (i32.and (local.get $byte) (i32.const 0x07)))))
        (loop $more
          (local.set $character
            (i32.or
              (i32.shl (local.get $character) (i32.const 6))
              (i32.and (i32.load8_u (global.get $following)) (i32.const 0x3F))))
          (global.set $following (i32.add (global.get $following) (i32.const 1)))
          (br_if $more (i32.lt_u (global.get $following) (local.get $end))))))
    (local.set $table
      (i32.load offset=16384 (i32.shl (i32.shr_u (local.get $character) (i32.const 8)) (i32.const 2))))
    (if (i32.eqz (local.get $table))
      (then
        (global.set $missing (i32.shr_u (local.get $character) (i32.const 8)))
        (return (i32.const 0))))
    (i32.add (local.get $table) (i32.shl (i32.and (local.get $character) (i32.const 0xFF)) (i32.const 4))))

  ;; The end of the digits that begin at $at; -1 where a table is missing.
  (func $digitsEnd (param $at i32) (param $end i32) (result i32)
    (local $entry i32)
    (loop $digits
      (if (i32.lt_u (local.get $at) (local.get $end))
        (then
          (local.set $entry (call $entryAt (local.get $at)))
          (if (i32.eqz (local.get $entry)) (then (return (i32.const -1))))
          (if (i32.eq (i32.load8_u (local.get $entry)) (i32.const 2))
            (then
              (local.set $at (global.get $following))
              (br $digits))))))
    (local.get $at))

  ;; The end of a number that begins at $at: digits, and once more after a separator; -1 where a table is missing.
  (func $numberEnd (param $at i32) (param $end i32) (result i32)
    (local $entry i32) (local $after i32) (local $last i32)
    (local.set $at (call $digitsEnd (local.get $at) (local.get $end)))
    (if (i32.or (i32.eq (local.get $at) (i32.const -1)) (i32.ge_u (local.get $at) (local.get $end)))
      (then (return (local.get $at))))
    (local.set $entry (call $entryAt (local.get $at)))
    (if (i32.eqz (local.get $entry)) (then (return (i32.const -1))))
    (if (i32.eqz (i32.and (i32.load8_u (local.get $entry)) (i32.const 16))) (then (return (local.get $at))))
    (local.set $after (global.get $following))
    (local.set $last (call $digitsEnd (local.get $after) (local.get $end)))
    (select (local.get $at) (local.get $last) (i32.eq (local.get $last) (local.get $after))))

  ;; Where to go on when a missing table has been made.
  (global $resumeAt (mut i32) (i32.const 0))
  (global $resumeTo (mut i32) (i32.const 0))
  (global $resumeSpace (mut i32) (i32.const 0))

  ;; Writes the normalised text to $start, words separated by single spaces, and gives its end; -1 where it would reach
  ;; what is not read yet, -2 where a character depends on its neighbours, -3 - n where table n is missing: then it goes on
  ;; when it is called with $at = 0.
  (func (export "normalize") (param $at i32) (param $end i32) (param $start i32) (result i32)
    (local $to i32) (local $space i32) (local $byte i32) (local $entry i32) (local $kind i32) (local $length i32)
    (local $ascii i32) (local $next i32)
    (local.set $to (local.get $start))
    (if (i32.eqz (local.get $at))
      (then
        (local.set $at (global.get $resumeAt))
        (local.set $to (global.get $resumeTo))
        (local.set $space (global.get $resumeSpace))))
    (local.set $ascii (i32.load offset=16384 (i32.const 0)))
    (block $missing
      (loop $characters
        (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (local.get $to))))
        (if (i32.gt_u (i32.add (local.get $to) (i32.const 32)) (local.get $at)) (then (return (i32.const -1))))
        (local.set $byte (i32.load8_u (local.get $at)))
        (if (i32.lt_u (local.get $byte) (i32.const 0x80))
          (then
            (local.set $entry (i32.add (local.get $ascii) (i32.shl (local.get $byte) (i32.const 4))))
            (local.set $next (i32.add (local.get $at) (i32.const 1))))
          (else
            (br_if $missing (i32.eqz (local.tee $entry (call $entryAt (local.get $at)))))
            (local.set $next (global.get $following))))
        (local.set $kind (i32.and (i32.load8_u (local.get $entry)) (i32.const 15)))
        (if (i32.eq (local.get $kind) (i32.const 1)) ;; becomes a space
          (then
            (local.set $space (i32.ne (local.get $to) (local.get $start)))
            (local.set $at (local.get $next))
            (br $characters)))
        (if (i32.eq (local.get $kind) (i32.const 2)) ;; a digit, and with it the whole number
          (then
            (local.set $next (call $numberEnd (local.get $next) (local.get $end)))
            (br_if $missing (i32.eq (local.get $next) (i32.const -1)))))
        (if (i32.eq (local.get $kind) (i32.const 3)) (then (return (i32.const -2))))
        (local.set $at (local.get $next))
        (local.set $length (i32.load8_u offset=1 (local.get $entry)))
        (br_if $characters (i32.eqz (local.get $length)))
        (i32.store8 (local.get $to) (i32.const 0x20))
        (local.set $to (i32.add (local.get $to) (local.get $space)))
        (local.set $space (i32.const 0))
        (if (i32.eq (local.get $length) (i32.const 1))
          (then (i32.store8 (local.get $to) (i32.load8_u offset=2 (local.get $entry))))
          (else (v128.store (local.get $to) (v128.load offset=2 (local.get $entry)))))
        (local.set $to (i32.add (local.get $to) (local.get $length)))
        (br $characters)))
    (global.set $resumeAt (local.get $at))
    (global.set $resumeTo (local.get $to))
    (global.set $resumeSpace (local.get $space))
    (i32.sub (i32.const -3) (global.get $missing)))

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
    (global.set $hashMask (select (i64.const 0xFFFFFFFF) (i64.const -1) (i32.eq (local.get $kind) (i32.const 3))))
    (block $stop
      (loop $shingles
        (br_if $stop (i32.eqz (global.get $more)))
        (br_if $stop (i32.eq (local.get $at) (i32.const 8192)))
        (if (i32.lt_u (local.get $kind) (i32.const 2))
          (then
            (i64.store (local.get $at)
              (call $hash (local.get $kind) (global.get $shingleStart) (global.get $shingleEnd))))
          (else (call $sha1To (global.get $shingleStart) (global.get $shingleEnd) (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (global.set $more (i32.lt_u (global.get $shingleEnd) (global.get $textEnd)))
        (global.set $shingleEnd (call $wordEnd (i32.add (global.get $shingleEnd) (i32.const 1))))
        (global.set $shingleStart (i32.add (call $wordEnd (global.get $shingleStart)) (i32.const 1)))
        (br $shingles)))
    (call $hashWaiting)
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
        (i32.lt_u (local.tee $table (i32.add (local.get $table) (i32.const 8))) (local.get $tableEnd)))))

  ;; ---- The same without a mask, for 64-bit hashes, from shingle $from on ----
  ;;
  ;; Of x = s * a + b mod 2^64 = q 2^61 + r only r decides, nearly: x mod (2^61 - 1) is r + q, or r + q - (2^61 - 1) where
  ;; that is not negative, which needs r >= 2^61 - 8. So that where r + 8 mod 2^61 is not below the minimum + 8, x mod
  ;; (2^61 - 1) is not below the minimum. With a and b + 8 multiplied by 8 beforehand, (r + 8) 8 is one multiplication and
  ;; one addition, and the exact value is only needed a few times. Where minima still change often, plain
  ;; minima are faster, so that the first shingles of a text are left to these.

  (func $reduce (param $x i64) (result i64)
    (local.set $x
      (i64.add
        (i64.and (local.get $x) (i64.const 0x1FFFFFFFFFFFFFFF))
        (i64.shr_u (local.get $x) (i64.const 61))))
    (if (i64.ge_u (local.get $x) (i64.const 0x1FFFFFFFFFFFFFFF))
      (then (local.set $x (i64.sub (local.get $x) (i64.const 0x1FFFFFFFFFFFFFFF)))))
    (local.get $x))

  ;; 8 (minimum + 8), or all ones where that is too large.
  (func $threshold (param $minimum i64) (result i64)
    (if (result i64) (i64.ge_u (local.get $minimum) (i64.const 0x1FFFFFFFFFFFFFF8))
      (then (i64.const -1))
      (else (i64.shl (i64.add (local.get $minimum) (i64.const 8)) (i64.const 3)))))

  (func (export "foldWide") (param $from i32) (param $count i32) (param $table i32) (param $permutations i32)
    (local $a i64) (local $b i64) (local $minimum i64) (local $value i64)
    (local $scaledA i64) (local $scaledB i64) (local $threshold i64)
    (local $at i32) (local $blockEnd i32) (local $stride i32) (local $tableEnd i32)
    (local.set $blockEnd (i32.shl (local.get $count) (i32.const 3)))
    ;; Copies of the last hash fill up a multiple of four; they change no minimum.
    (loop $fill
      (if (i32.and (local.get $blockEnd) (i32.const 31))
        (then
          (i64.store (local.get $blockEnd) (i64.load (i32.sub (local.get $blockEnd) (i32.const 8))))
          (local.set $blockEnd (i32.add (local.get $blockEnd) (i32.const 8)))
          (br $fill))))
    (local.set $stride (i32.shl (local.get $permutations) (i32.const 3)))
    (local.set $tableEnd (i32.add (local.get $table) (local.get $stride)))
    (loop $perPermutation
      (local.set $a (i64.load (local.get $table)))
      (local.set $b (i64.load (i32.add (local.get $table) (local.get $stride))))
      (local.set $minimum (i64.load (i32.add (local.get $table) (i32.shl (local.get $stride) (i32.const 1)))))
      (local.set $scaledA (i64.shl (local.get $a) (i64.const 3)))
      (local.set $scaledB (i64.shl (i64.add (local.get $b) (i64.const 8)) (i64.const 3)))
      (local.set $threshold (call $threshold (local.get $minimum)))
      (local.set $at (i32.shl (local.get $from) (i32.const 3)))
      (loop $perShingle
        (if
          (i64.lt_u
            (i64.add (i64.mul (i64.load offset=0 (local.get $at)) (local.get $scaledA)) (local.get $scaledB))
            (local.get $threshold))
          (then
            (local.set $value
              (call $reduce
                (i64.add (i64.mul (i64.load offset=0 (local.get $at)) (local.get $a)) (local.get $b))))
            (if (i64.lt_u (local.get $value) (local.get $minimum))
              (then
                (local.set $minimum (local.get $value))
                (local.set $threshold (call $threshold (local.get $minimum)))))))
        (if
          (i64.lt_u
            (i64.add (i64.mul (i64.load offset=8 (local.get $at)) (local.get $scaledA)) (local.get $scaledB))
            (local.get $threshold))
          (then
            (local.set $value
              (call $reduce
                (i64.add (i64.mul (i64.load offset=8 (local.get $at)) (local.get $a)) (local.get $b))))
            (if (i64.lt_u (local.get $value) (local.get $minimum))
              (then
                (local.set $minimum (local.get $value))
                (local.set $threshold (call $threshold (local.get $minimum)))))))
        (if
          (i64.lt_u
            (i64.add (i64.mul (i64.load offset=16 (local.get $at)) (local.get $scaledA)) (local.get $scaledB))
            (local.get $threshold))
          (then
            (local.set $value
              (call $reduce
                (i64.add (i64.mul (i64.load offset=16 (local.get $at)) (local.get $a)) (local.get $b))))
            (if (i64.lt_u (local.get $value) (local.get $minimum))
              (then
                (local.set $minimum (local.get $value))
                (local.set $threshold (call $threshold (local.get $minimum)))))))
        (if
          (i64.lt_u
            (i64.add (i64.mul (i64.load offset=24 (local.get $at)) (local.get $scaledA)) (local.get $scaledB))
            (local.get $threshold))
          (then
            (local.set $value
              (call $reduce
                (i64.add (i64.mul (i64.load offset=24 (local.get $at)) (local.get $a)) (local.get $b))))
            (if (i64.lt_u (local.get $value) (local.get $minimum))
              (then
                (local.set $minimum (local.get $value))
                (local.set $threshold (call $threshold (local.get $minimum)))))))
        (br_if $perShingle
          (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 32))) (local.get $blockEnd))))
      (i64.store (i32.add (local.get $table) (i32.shl (local.get $stride) (i32.const 1))) (local.get $minimum))
      (br_if $perPermutation
        (i32.lt_u (local.tee $table (i32.add (local.get $table) (i32.const 8))) (local.get $tableEnd))))))
