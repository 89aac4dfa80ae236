<?php

// For opcache.preload: with ffi.enable=preload, only preloaded classes may call C.

declare(strict_types=1);

require_once __DIR__ . '/src/CaptokenException.php';
require_once __DIR__ . '/src/InvalidTokenException.php';
require_once __DIR__ . '/src/TokenMalformedException.php';
require_once __DIR__ . '/src/TokenAlgorithmException.php';
require_once __DIR__ . '/src/TokenSignatureException.php';
require_once __DIR__ . '/src/TokenExpiredException.php';
require_once __DIR__ . '/src/TokenNotYetValidException.php';
require_once __DIR__ . '/src/Library.php';
require_once __DIR__ . '/src/Internal/Buffer.php';
require_once __DIR__ . '/src/Internal/Refusal.php';
require_once __DIR__ . '/src/Internal/Strings.php';
require_once __DIR__ . '/src/Internal/Parameters.php';
require_once __DIR__ . '/src/Internal/Json.php';
require_once __DIR__ . '/src/Internal/Mint.php';
require_once __DIR__ . '/src/Internal/Verification.php';
require_once __DIR__ . '/src/Internal/Opaque.php';
require_once __DIR__ . '/src/Capability.php';
