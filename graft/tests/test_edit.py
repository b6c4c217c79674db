# SPDX-License-Identifier: Apache-2.0
from graft import edit
from graft import seam
from graft.tests import helpers


class AppendTest(helpers.TestCase):

    def test_lines_go_to_the_end(self):
        self.assert_edit(
            [seam.append('a.py', 'import usb', 'LIST += usb.LIST')],
            '''
            LIST = ()
            ''',
            '''
            LIST = ()
            import usb  # usb
            LIST += usb.LIST  # usb
            ''')

    def test_empty_module(self):
        self.assertEqual(
            'import usb  # usb\n',
            edit.graft('', [seam.append('a.py', 'import usb')]))

    def test_a_last_line_without_end_is_left_alone(self):
        with self.assertRaisesRegex(edit.source.NotFound, 'has no end'):
            edit.graft('A = 1', [seam.append('a.py', 'import usb')])

    def test_line_ends_of_the_file_are_kept(self):
        self.assertEqual(
            'A = 1\r\nB = 2  # usb\r\n',
            edit.graft('A = 1\r\n', [seam.append('a.py', 'B = 2')]))

    def test_text_that_is_not_python(self):
        self.assert_edit(
            [seam.append('requirements.txt', 'pyudev>=0.24')],
            '''
            PyYAML>=5.1 # MIT
            ''',
            '''
            PyYAML>=5.1 # MIT
            pyudev>=0.24  # usb
            ''')


class DecoratorTest(helpers.TestCase):

    def seam(self, anchor='work', **options):
        return seam.decorator('a.py', anchor, '@hooks.work',
                              'from nova import hooks', **options)

    def test_on_top_of_what_is_there(self):
        self.assert_edit(
            [self.seam()],
            '''
            """Doc."""
            import a
            from b import (
                c)

            LOG = a

            @one
            @two(
                'x')
            def work():
                import d
            ''',
            '''
            """Doc."""
            import a
            from b import (
                c)
            from nova import hooks  # usb

            LOG = a

            @hooks.work  # usb
            @one
            @two(
                'x')
            def work():
                import d
            ''')

    def test_method_beside_function_and_one_import(self):
        self.assert_edit(
            [self.seam(), self.seam('Other.work')],
            '''
            import a
            def work():
                pass
            class Other:
                # Comment.
                def work(self):
                    pass
            ''',
            '''
            import a
            from nova import hooks  # usb
            @hooks.work  # usb
            def work():
                pass
            class Other:
                # Comment.
                @hooks.work  # usb
                def work(self):
                    pass
            ''')

    def test_inner_goes_directly_above_def(self):
        self.assert_edit(
            [self.seam(inner=True), self.seam()],
            '''
            import a
            @one
            async def work(
                x,
            ):
                pass
            ''',
            '''
            import a
            from nova import hooks  # usb
            @hooks.work  # usb
            @one
            @hooks.work  # usb
            async def work(
                x,
            ):
                pass
            ''')

    def test_outer_before_inner_where_there_is_no_other(self):
        self.assert_edit(
            [seam.decorator('a.py', 'work', '@inner', inner=True),
             seam.decorator('a.py', 'work', '@outer'),
             seam.decorator('a.py', 'work', '@second')],
            '''
            def work():
                pass
            ''',
            '''
            @outer  # usb
            @second  # usb
            @inner  # usb
            def work():
                pass
            ''')

    def test_module_without_imports(self):
        self.assert_edit(
            [self.seam()],
            '''
            # Comment.


            def work():
                pass
            ''',
            '''
            # Comment.
            from nova import hooks  # usb


            @hooks.work  # usb
            def work():
                pass
            ''')

    def test_import_after_the_docstring(self):
        self.assert_edit(
            [self.seam()],
            '''
            """Doc."""

            def work():
                pass

            import late
            ''',
            '''
            """Doc."""
            from nova import hooks  # usb

            @hooks.work  # usb
            def work():
                pass

            import late
            ''')

    def test_conditional_import_is_not_entered(self):
        self.assert_edit(
            [self.seam()],
            '''
            import typing
            if typing.TYPE_CHECKING:
                import a
            def work():
                pass
            ''',
            '''
            import typing
            from nova import hooks  # usb
            if typing.TYPE_CHECKING:
                import a
            @hooks.work  # usb
            def work():
                pass
            ''')

    def test_form_feeds_and_odd_line_ends_do_not_count(self):
        self.assert_edit(
            [self.seam()],
            '''
            import a
            A = '\x0c \u2028'
            \x0c
            def work():
                pass
            ''',
            '''
            import a
            from nova import hooks  # usb
            A = '\x0c \u2028'
            \x0c
            @hooks.work  # usb
            def work():
                pass
            ''')

    def test_missing_and_doubtful_anchors(self):
        for anchor, before, reason in (
                ('work', 'def other():\n    pass\n', 'work is not defined'),
                ('A.work', 'def work():\n    pass\n', 'A.work is not def'),
                ('A.work', 'class A:\n    class B:\n'
                 '        def work():\n            pass\n',
                 'A.work is not defined'),
                ('work', 'def work():\n    pass\n' * 2, 'defined 2 times'),
                ('work', 'if x:\n    def work():\n        pass\n',
                 'not defined'),
                ('work', 'class work:\n    pass\n', 'work is a ClassDef'),
                ('work', 'def work(:\n', 'not source that this Python')):
            with self.subTest(anchor=anchor, before=before):
                self.assert_no_place(self.seam(anchor), before, reason)

    def test_all_missing_anchors_are_named(self):
        with self.assertRaises(edit.source.NotFound) as caught:
            edit.graft('A = 1\n', [self.seam('one'), self.seam('B.two')])
        self.assertEqual('one is not defined\nB.two is not defined',
                         str(caught.exception))


class StripTest(helpers.TestCase):

    def test_upstreams_comments_stay(self):
        plain = ('a = 1  # usb hub\n# usb\nb = 2  # usb: see below, 3\n'
                 'c = "x"  # usbip\n')
        self.assertEqual(plain, edit.strip(plain))
