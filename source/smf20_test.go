package source

// toSMF20 makes the tables of SMF 2.0 from those of 2.1, as far as Postrider reads them: what 2.0.15 has not goes, and what members chose
// moves into the columns that the upgrade reads them from. 2.0 writes line breaks as "<br />".
const toSMF20 = `
	UPDATE smf_members SET member_ip = '', member_ip2 = '';
	ALTER TABLE smf_members
	  ADD notify_announcements tinyint(4) NOT NULL DEFAULT 1, ADD notify_regularity tinyint(4) NOT NULL DEFAULT 1,
	  ADD notify_send_body tinyint(4) NOT NULL DEFAULT 0, ADD notify_types tinyint(4) NOT NULL DEFAULT 2,
	  MODIFY pm_ignore_list varchar(255) NOT NULL DEFAULT '', MODIFY member_ip varchar(255) NOT NULL DEFAULT '', MODIFY member_ip2 varchar(255) NOT NULL DEFAULT '',
	  DROP INDEX idx_email_address, DROP INDEX idx_active_real_name;
	UPDATE smf_members u JOIN smf_user_alerts_prefs p ON p.id_member = u.id_member AND p.alert_pref = 'msg_notify_pref'
	  SET u.notify_regularity = GREATEST(p.alert_value, 1) - 1, u.notify_types = CASE p.alert_value WHEN 0 THEN 4 ELSE 2 END;
	UPDATE smf_members u JOIN smf_user_alerts_prefs p ON p.id_member = u.id_member AND p.alert_pref = 'announcements' SET u.notify_announcements = p.alert_value;
	UPDATE smf_members SET time_offset = CASE timezone WHEN 'Asia/Seoul' THEN 9 WHEN 'Asia/Kolkata' THEN 5.5 WHEN 'America/New_York' THEN -5 ELSE 0 END;
	ALTER TABLE smf_members DROP timezone, DROP alerts, DROP tfa_secret, DROP tfa_backup;
	ALTER TABLE smf_messages DROP likes;
	UPDATE smf_messages SET body = REPLACE(body, '<br>', '<br />');
	ALTER TABLE smf_boards DROP deny_member_groups;
	ALTER TABLE smf_topics DROP id_redirect_topic, DROP redirect_expires;
	ALTER TABLE smf_log_topics DROP unwatched;
	DROP TABLE smf_user_alerts_prefs, smf_user_alerts, smf_user_likes, smf_mentions, smf_board_permissions_view, smf_moderator_groups, smf_qanda,
	  smf_background_tasks, smf_user_drafts, smf_member_logins, smf_pm_labels, smf_pm_labeled_messages, smf_smiley_files;
	UPDATE smf_settings SET value = '2.0.15' WHERE variable = 'smfVersion';
	DELETE FROM smf_settings WHERE variable IN ('deny_boards_access', 'board_manager_groups');`
