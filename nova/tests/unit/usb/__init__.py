# SPDX-License-Identifier: Apache-2.0
"""Unit tests of USB passthrough."""

import unittest

import testtools

# testtools until 2.4, which 22.x and 23.x pin, has it from unittest2, where
# it fails unless unittest itself runs the test.
if testtools.TestCase.subTest is not unittest.TestCase.subTest:
    testtools.TestCase.subTest = unittest.TestCase.subTest
